"""Stage 0: participants as arrays."""
