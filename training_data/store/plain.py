"""Statements as text, for the few that go with every list.

There SQLAlchemy's own way of building a statement costs several times what the database does with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def placeholders(connection: sa.Connection, count: int) -> str:
    """Return so many placeholders of the database's driver, with commas between them."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    return ", ".join([mark] * count)


def insert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], ending: str = ""
) -> None:
    """Add rows, all of the same columns, at least one.

    Parameters
    ----------
    ending : str
        What follows the values in the statement.
    """
    names = list(rows[0])
    columns = [_bound(connection, table.c[name], [row[name] for row in rows]) for name in names]
    marks = placeholders(connection, len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {ending}"  # noqa: S608
    connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


def _bound(connection: sa.Connection, column: sa.Column[Any], values: list[Any]) -> list[Any]:
    """Return values of a column as the database's driver takes them."""
    dialect = connection.dialect
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else list(map(process, values))
