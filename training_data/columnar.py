"""Tables in columns: dataclasses whose fields have one row for each of something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.arrays import take_rows, take_segments


@dataclass(frozen=True)
class Ragged:
    """A column of rows of different lengths.

    Attributes
    ----------
    starts : ndarray of int32, shape (B + 1,)
        Where each row begins.
    values : ndarray, shape (Z,)
    """

    starts: NDArray[np.int32]
    values: NDArray[Any]


class Columnar:
    """A dataclass whose fields are columns of one length.

    A column is an array, a sparse matrix, a `Ragged`, a tuple, a table in columns itself, or a dict of columns; a
    field of any other type is shared by all rows.
    """

    def take(self, rows: Any) -> Self:
        """Return the rows at integer positions."""
        return self._replace_columns(
            {name: take(column, rows) for name, column in self._columns().items()}
        )

    def _columns(self) -> Mapping[str, Any]:
        """Return the columns by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]

    def _replace_columns(self, columns: Mapping[str, Any]) -> Self:
        """Return the table with other columns in place of those of `_columns`, and what its rows share."""
        return type(self)(**columns)


def take(column: Any, rows: Any) -> Any:
    """Return the rows of a column at integer positions."""
    match column:
        case np.ndarray():
            return column[rows]
        case sp.csr_matrix():
            return take_rows(column, rows)
        case Ragged():
            starts, _, places = take_segments(column.starts, rows)
            return Ragged(starts, column.values[places])
        case tuple():
            return tuple(column[row] for row in rows)
        case Columnar():
            return column.take(rows)
        case dict():
            return {name: take(one, rows) for name, one in column.items()}
        case _:
            return column


def flatten(column: Any) -> Iterator[Any]:
    """Yield the columns that are no tables, those of a table in the place of the table."""
    match column:
        case Columnar():
            for one in column._columns().values():
                yield from flatten(one)
        case dict():
            for one in column.values():
                yield from flatten(one)
        case _:
            yield column


def rebuild(template: Any, columns: Iterator[Any]) -> Any:
    """Return a table like ``template`` with other columns, in the order of `flatten`."""
    match template:
        case Columnar():
            inner = template._columns().items()
            return template._replace_columns({name: rebuild(one, columns) for name, one in inner})
        case dict():
            return {name: rebuild(one, columns) for name, one in template.items()}
        case _:
            return next(columns)
