"""Speed of the evaluation."""
