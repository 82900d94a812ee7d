"""The processes that listen, and what clients may do to their connections."""
