"""What portals read."""
