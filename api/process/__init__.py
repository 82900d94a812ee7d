"""The interpreter under the service."""
