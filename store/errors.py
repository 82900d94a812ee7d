"""What is wrong with a store."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError


class StoreError(ValueError):
    """A database that cannot be used; the message says what to do."""


class StoreDownError(SQLAlchemyError):
    """A database that did not answer a moment ago, so that it is not asked now."""
