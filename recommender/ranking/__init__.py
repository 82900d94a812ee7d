"""Stage 3: features of candidates, and their scores."""
