"""Whether a transaction was committed whose end nobody told of, as when the connection broke meanwhile."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

Outcome = Literal["committed", "aborted", "in progress"]


def read_number(connection: sa.Connection) -> str | None:
    """Return the number of the present transaction; None where its end is always told, as in SQLite."""
    if connection.dialect.name != "postgresql":
        return None
    return str(connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one())


def read_outcome(connection: sa.Connection, number: str) -> Outcome:
    """Return how a transaction ended."""
    asked = sa.text("SELECT pg_xact_status(CAST(:number AS xid8))")
    found: Outcome | None = connection.execute(asked, {"number": number}).scalar_one()
    return found or "aborted"
