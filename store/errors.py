"""What is wrong with a store."""

from __future__ import annotations


class StoreError(ValueError):
    """A database that cannot be used; the message says what to do."""
