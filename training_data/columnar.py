"""Tables in columns: some of their rows, and several tables one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from training_data.arrays import stack_rows, take_rows


class Columnar:
    """A dataclass whose fields are columns of one length.

    A column is an array, a sparse matrix, a tuple, a table in columns itself, or a dict of columns; a field of
    any other type is shared by all rows.
    """

    def take(self, rows: Any) -> Self:
        """Return the rows at integer positions."""
        return type(self)(**{name: _take(column, rows) for name, column in self._columns()})

    @classmethod
    def join(cls, tables: Sequence[Self]) -> Self:
        """Return the rows of at least one table, one table after the other."""
        return cls(
            **{
                name: _join([getattr(table, name) for table in tables])
                for name, _ in tables[0]._columns()
            }
        )

    def _columns(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__dataclass_fields__]  # type: ignore[attr-defined]


def _take(column: Any, rows: Any) -> Any:
    match column:
        case np.ndarray():
            return column[rows]
        case sp.csr_matrix():
            return take_rows(column, rows)
        case tuple():
            return tuple(column[row] for row in rows)
        case Columnar():
            return column.take(rows)
        case dict():
            return {name: _take(one, rows) for name, one in column.items()}
        case _:
            return column


def _join(columns: Sequence[Any]) -> Any:
    match columns[0]:
        case np.ndarray():
            return np.concatenate(columns)
        case sp.csr_matrix():
            return stack_rows(columns)
        case tuple():
            return tuple(chain.from_iterable(columns))
        case Columnar() as first:
            return type(first).join(columns)
        case dict() as first:
            return {name: _join([column[name] for column in columns]) for name in first}
        case first:
            return first
