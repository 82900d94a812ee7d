"""Compiled loops, where many small array operations would cost more than the work itself."""
