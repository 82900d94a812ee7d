"""Insert where a key may be there already: the same statement in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def build_upsert(
    connection: sa.Connection, table: sa.Table, update: Collection[str] | None = None
) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that leaves a row with the same key alone, or changes its columns that ``update`` names."""
    if connection.dialect.name == "sqlite":
        statement: sqlite.Insert | postgresql.Insert = sqlite.insert(table)
    else:
        statement = postgresql.insert(table)
    if update is None:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in update},
    )
