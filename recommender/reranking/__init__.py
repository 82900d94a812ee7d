"""Stage 4: scored candidates to an ordered slate."""
