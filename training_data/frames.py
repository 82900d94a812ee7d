"""Columns of strings and of lists as arrays.

A column goes through a plain list once: an expression costs a quarter of a millisecond however few the
rows, which a request cannot pay forty times over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

Find = Callable[[str], int]
Value = TypeVar("Value", bound=np.generic)
Rows = slice | NDArray[np.integer]
FEW = 1_000  # cells, which are sorted sooner than SciPy's constructor has looked at them


def exploded(
    values: pl.Series | Sequence[Sequence[str]],
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the row of each element of a column, and the elements; nulls and empty lists are left out.

    A column that holds no lists has one element a row.
    """
    held = values.to_list() if isinstance(values, pl.Series) else values
    if isinstance(values, pl.Series) and not isinstance(values.dtype, pl.List):
        held = [[value] for value in held]
    pairs = [
        (row, value)
        for row, elements in enumerate(held)
        for value in elements or ()
        if value is not None
    ]
    rows, flat = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(rows, dtype=np.int64), list(flat)


def positions(values: pl.Series | Sequence[str | None], find: Find) -> NDArray[np.int32]:
    """Return ``find(value)`` of each string, calling it once for each distinct one; -1 for null."""
    known = cache(lambda value: -1 if value is None else find(value))
    plain = values.to_list() if isinstance(values, pl.Series) else values
    return np.fromiter(map(known, plain), dtype=np.int32, count=len(plain))


def indicator(lists: pl.Series | Sequence[Sequence[str]], find: Find, width: int) -> sp.csr_matrix:
    """Return a float32 CSR matrix, one row a list, with a one in the column of each element found."""
    rows, values = exploded(lists)
    return ones_at(rows, positions(values, find), (len(lists), width))


def ones_at(
    rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]
) -> sp.csr_matrix:
    """Return a float32 CSR matrix with ones at (row, column); negative columns are left out, repeats count once."""
    kept = columns >= 0
    rows, columns = rows[kept], columns[kept]
    if len(rows) > FEW:
        matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        matrix.data[:] = 1.0
        return matrix
    places = np.unique(rows.astype(np.int64) * shape[1] + columns)
    row, column = np.divmod(places, max(shape[1], 1))
    indptr = np.searchsorted(row, np.arange(shape[0] + 1)).astype(np.int32)
    return sp.csr_matrix(
        (np.ones(len(places), np.float32), column.astype(np.int32), indptr), shape=shape
    )


def rows_of(matrix: sp.csr_matrix, rows: NDArray[np.integer]) -> sp.csr_matrix:
    """Return some rows of a matrix, empty ones for negative numbers.

    SciPy's own indexing costs several times as much for a few rows.
    """
    starts = matrix.indptr[rows]
    sizes = np.where(rows >= 0, matrix.indptr[rows + 1] - starts, 0)
    indptr = np.zeros(len(rows) + 1, dtype=matrix.indptr.dtype)
    np.cumsum(sizes, out=indptr[1:])
    cells = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], sizes)
    return sp.csr_matrix(
        (matrix.data[cells], matrix.indices[cells], indptr), shape=(len(rows), matrix.shape[1])
    )


def padded(matrix: sp.csr_matrix, rows: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the columns of the non-zero cells of some rows, shape (n, widest row), padded with -1."""
    starts = matrix.indptr[rows]
    sizes = matrix.indptr[rows + 1] - starts
    places = np.arange(sizes.max(initial=0))
    held = places < sizes[:, None]
    columns = np.full(held.shape, -1, dtype=np.int32)
    columns[held] = matrix.indices[(starts[:, None] + places)[held]]
    return columns


def spread(matrix: sp.csr_matrix) -> NDArray[np.float32]:
    """Return a matrix in full, with one column of zeros more: the column -1 is empty."""
    full = np.zeros((matrix.shape[0], matrix.shape[1] + 1), dtype=np.float32)
    full[
        np.repeat(np.arange(len(full)), matrix.indptr[1:] - matrix.indptr[:-1]), matrix.indices
    ] = matrix.data
    return full


def marks(matrix: sp.csr_matrix, rows: Rows = slice(None)) -> NDArray[np.bool_]:
    """Return where some rows of a matrix have a value, with one column more: the column -1 is empty."""
    columns = padded(matrix, np.arange(matrix.shape[0])[rows])
    found = np.zeros((len(columns), matrix.shape[1] + 1), dtype=bool)
    found[np.arange(len(columns))[:, None], columns] = True
    found[:, -1] = False
    return found


def filled(values: pl.Series, empty: Any, kind: type[Value]) -> NDArray[Value]:
    """Return a column as an array, with ``empty`` for nulls."""
    plain = [empty if value is None else value for value in values.to_list()]
    return np.array(plain, dtype=kind)


def codes_of(values: pl.Series, known: Sequence[str]) -> NDArray[np.int32]:
    """Return the position of each string in ``known``, -1 for null or unknown."""
    place = {value: number for number, value in enumerate(known)}
    return positions(values, lambda value: place.get(value, -1))
