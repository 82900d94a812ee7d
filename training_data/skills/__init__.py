"""The skill vocabulary: data files, and how they are read and matched."""
