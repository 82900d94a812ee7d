"""A bundle's parts on disk, and its golden answers."""
