"""Occupations: data files, the national classification, and how they are read."""
