"""Search among vectors."""
