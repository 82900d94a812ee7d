"""Candidate models: each proposes courses for a batch of participants, all through the same few methods."""
