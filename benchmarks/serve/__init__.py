"""Speed of the service."""
