"""Columns of a table as arrays, be the table a frame or plain lists by name.

A column of a frame goes through a plain list: an expression costs a quarter of a millisecond however few the
rows, which a request cannot pay forty times over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from math import floor
from typing import Any, Final, TypeVar

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

Column = pl.Series | Sequence[Any]
Columns = Mapping[str, Sequence[Any]]
Table = TypeVar("Table", pl.DataFrame, Columns)
Find = Callable[[str], int]
Value = TypeVar("Value", bound=np.generic)
Rows = slice | NDArray[np.integer]
EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_EMPTY: Final = sp.csr_matrix((0, 0))
MAX_SORTED_CELLS = (
    1_000  # cells, which are sorted sooner than SciPy's constructor has looked at them
)


def to_list(column: Column) -> Sequence[Any]:
    """Return a column's values, None for null."""
    return column.to_list() if isinstance(column, pl.Series) else column


def replace_columns(table: Table, columns: Columns) -> Table:
    """Return a table with other values in some of its columns."""
    if isinstance(table, pl.DataFrame):
        return table.with_columns(
            pl.Series(name, values, dtype=table.schema[name]) for name, values in columns.items()
        )
    return {**table, **columns}


def explode(lists: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Return the row of each element of a column, and the elements; nulls and empty lists are left out.

    A string stands for a list of itself.
    """
    pairs = [
        (row, value)
        for row, elements in enumerate(to_list(lists))
        for value in ([elements] if isinstance(elements, str) else elements or ())
        if value is not None
    ]
    rows, flat = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(rows, dtype=np.int64), list(flat)


def look_up(values: Column, find: Find) -> NDArray[np.int32]:
    """Return ``find(value)`` of each string, calling it once for each distinct one; -1 for null."""
    held = to_list(values)
    known = {value: -1 if value is None else find(value) for value in dict.fromkeys(held)}
    return np.array([known[value] for value in held], dtype=np.int32)


def build_csr(
    cells: NDArray[Value], columns: NDArray[np.int32], indptr: NDArray[np.int32], width: int
) -> sp.csr_matrix:
    """Return a CSR matrix of arrays that are in order: SciPy's constructor looks at them for 35 microseconds."""
    matrix = sp.csr_matrix.__new__(sp.csr_matrix)
    vars(matrix).update(vars(_EMPTY))
    matrix.data, matrix.indices, matrix.indptr = cells, columns, indptr
    matrix._shape = (len(indptr) - 1, width)
    return matrix


def build_indicator(lists: Column, find: Find, width: int) -> sp.csr_matrix:
    """Return a float32 CSR matrix, one row a list, with a one in the column of each element found."""
    rows, values = explode(lists)
    return build_ones(rows, look_up(values, find), (len(lists), width))


def build_ones(
    rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]
) -> sp.csr_matrix:
    """Return a float32 CSR matrix with ones at (row, column); negative columns are left out, repeats count once."""
    kept = columns >= 0
    rows, columns = rows[kept], columns[kept]
    if len(rows) > MAX_SORTED_CELLS:
        matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        matrix.data[:] = 1.0
        return matrix
    places = rows * np.int64(shape[1]) + columns
    places.sort()  # and each once: `np.unique` takes several times as long for a few
    first = np.ones(len(places), dtype=bool)
    np.not_equal(places[1:], places[:-1], out=first[1:])
    places = places[first]
    return _at(places, np.ones(len(places), dtype=np.float32), shape)


def sum_at(
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    values: NDArray[np.float32],
    shape: tuple[int, int],
) -> sp.csr_matrix:
    """Return a float32 CSR matrix with values at (row, column); those at one place are added up."""
    if len(rows) > MAX_SORTED_CELLS:
        return sp.csr_matrix((values, (rows, columns)), shape=shape)
    places, of = np.unique(rows.astype(np.int64) * shape[1] + columns, return_inverse=True)
    return _at(places, np.bincount(of, values, len(places)).astype(np.float32), shape)


def _at(
    places: NDArray[np.int64], cells: NDArray[np.float32], shape: tuple[int, int]
) -> sp.csr_matrix:
    """Return a matrix with cells at ascending places, as they are numbered row by row."""
    if not len(places):
        return build_csr(cells, np.empty(0, np.int32), np.zeros(shape[0] + 1, np.int32), shape[1])
    row, column = np.divmod(places, max(shape[1], 1))
    indptr = row.searchsorted(np.arange(shape[0] + 1)).astype(np.int32)
    return build_csr(cells, column.astype(np.int32), indptr, shape[1])


def take_rows(matrix: sp.csr_matrix, rows: NDArray[np.integer]) -> sp.csr_matrix:
    """Return some rows of a matrix, empty ones for negative numbers.

    SciPy's own indexing costs several times as much for a few rows.
    """
    starts = matrix.indptr[rows]
    sizes = np.where(rows >= 0, matrix.indptr[rows + 1] - starts, 0)
    indptr = np.zeros(len(rows) + 1, dtype=matrix.indptr.dtype)
    np.cumsum(sizes, out=indptr[1:])
    cells = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], sizes)
    return build_csr(matrix.data[cells], matrix.indices[cells], indptr, matrix.shape[1])


def stack_rows(matrices: Sequence[sp.csr_matrix]) -> sp.csr_matrix:
    """Return the rows of matrices of one width, one matrix after the other.

    SciPy's own stacking costs several times as much for a few rows.
    """
    ends = np.cumsum([0, *(matrix.indptr[-1] for matrix in matrices)], dtype=np.int32)
    indptr = [matrix.indptr[1:] + end for matrix, end in zip(matrices, ends, strict=False)]
    return build_csr(
        np.concatenate([matrix.data for matrix in matrices]),
        np.concatenate([matrix.indices for matrix in matrices]),
        np.concatenate([np.zeros(1, np.int32), *indptr]),
        matrices[0].shape[1],
    )


def pad_rows(matrix: sp.csr_matrix, rows: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the columns of the non-zero cells of some rows, shape (n, widest row), padded with -1."""
    starts = matrix.indptr[rows]
    sizes = matrix.indptr[rows + 1] - starts
    places = np.arange(sizes.max(initial=0))
    held = places < sizes[:, None]
    columns = np.full(held.shape, -1, dtype=np.int32)
    columns[held] = matrix.indices[(starts[:, None] + places)[held]]
    return columns


def take_segments(
    starts: NDArray[np.integer], rows: NDArray[np.integer]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells of some rows of a matrix in compressed rows, one row after the other.

    Parameters
    ----------
    starts : ndarray of int, shape (B + 1,)
        Where the cells of each row of the matrix begin.
    rows : ndarray of int, shape (n,)

    Returns
    -------
    starts : ndarray of int32, shape (n + 1,)
        Where the cells of each of ``rows`` begin among those that are returned.
    places, cells : ndarray of int64, shape (P,)
        Which of ``rows`` each cell is of, and where it stands in the matrix.
    """
    first = starts[rows]
    sizes = starts[rows + 1] - first
    ends = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum(sizes, out=ends[1:])
    places = np.repeat(np.arange(len(rows)), sizes)
    return ends, places, np.arange(ends[-1]) + (first - ends[:-1])[places]


def mark_cells(matrix: sp.csr_matrix, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return where some rows of a matrix have a cell, shape (n, columns)."""
    _, places, cells = take_segments(matrix.indptr, rows)
    found = np.zeros((len(rows), matrix.shape[1]), dtype=bool)
    found[places, matrix.indices[cells]] = True
    return found


def densify(matrix: sp.csr_matrix) -> NDArray[np.float32]:
    """Return a matrix in full, with one column of zeros more: the column -1 is empty."""
    full = np.zeros((matrix.shape[0], matrix.shape[1] + 1), dtype=np.float32)
    full[
        np.repeat(np.arange(len(full)), matrix.indptr[1:] - matrix.indptr[:-1]), matrix.indices
    ] = matrix.data
    return full


def fill_nulls(values: Column, empty: Any, kind: type[Value]) -> NDArray[Value]:
    """Return a column as an array, with ``empty`` for nulls."""
    return np.array([empty if value is None else value for value in to_list(values)], dtype=kind)


def to_days(dates: Column, missing: int) -> NDArray[np.int32]:
    """Return days since 1970-01-01, ``missing`` for nulls."""
    held = (missing if date is None else date.toordinal() - EPOCH for date in to_list(dates))
    return np.fromiter(held, dtype=np.int32, count=len(dates))


def to_seconds(times: Column) -> NDArray[np.int64]:
    """Return whole seconds since 1970-01-01 00:00 UTC."""
    if isinstance(times, pl.Series):  # as a list, they would cost a microsecond each
        return times.to_numpy().astype("datetime64[s]").astype(np.int64)
    return np.fromiter((floor(time.timestamp()) for time in times), np.int64, count=len(times))


def encode_strings(values: Column, known: Sequence[str]) -> NDArray[np.int32]:
    """Return the position of each string in ``known``, -1 for null or unknown."""
    place = {value: number for number, value in enumerate(known)}
    return look_up(values, lambda value: place.get(value, -1))
