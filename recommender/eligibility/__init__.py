"""Stage 1: who may take what, and why not."""
