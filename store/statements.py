"""Statements as text, for the few that go with every list.

There SQLAlchemy's own way of building a statement costs several times what the database does with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import orjson
import sqlalchemy as sa

MAX_ROWS: Final = 64
"""Rows of one statement; the rest goes in halves of it, so that drivers meet few statements and keep them."""


class Packed(str):
    """A value as JSON, made ahead: one text, where the value may be dozens of objects that wait to be written."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> Packed:
        """Return the text of a value."""
        return cls(orjson.dumps(value).decode())


def as_json(value: Any) -> str:
    """Return the text of a value, packed or not; of a plain type, or SQLite's driver would look how to adapt it."""
    return str(value) if isinstance(value, Packed) else orjson.dumps(value).decode()


def write_placeholders(connection: sa.Connection, count: int) -> str:
    """Return so many placeholders of the database's driver, with commas between them."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    return ", ".join([mark] * count)


def insert(
    connection: sa.Connection,
    table: sa.Table,
    columns: Mapping[str, Sequence[Any]],
    ending: str = "",
) -> int:
    """Add rows, at least one; many in one statement, as a driver lets other threads in with each.

    Parameters
    ----------
    columns : dict of str to sequence
        The values of each column, row by row.
    ending : str
        What follows the values in the statement.

    Returns
    -------
    int
        How many were added.
    """
    bound = [_bound(connection, table.c[name], values) for name, values in columns.items()]
    row = f"({write_placeholders(connection, len(columns))})"
    rows, first, added = list(zip(*bound, strict=True)), 0, 0
    while first < len(rows):
        size = min(MAX_ROWS, 1 << (len(rows) - first).bit_length() - 1)
        values = ", ".join([row] * size)
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {values} {ending}"  # noqa: S608
        some = rows[first : first + size]
        added += connection.exec_driver_sql(statement, tuple(chain.from_iterable(some))).rowcount
        first += size
    return added


def _bound(
    connection: sa.Connection, column: sa.Column[Any], values: Sequence[Any]
) -> Sequence[Any]:
    """Return values of a column as the database's driver takes them."""
    dialect = connection.dialect
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else [process(value) for value in values]
