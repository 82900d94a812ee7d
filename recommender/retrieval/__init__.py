"""Stage 2: candidates from every source."""
