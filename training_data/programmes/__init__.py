"""Programme rules: dated data files, and how they are read."""
