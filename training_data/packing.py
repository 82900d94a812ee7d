"""Rows of a table in columns, each packed alone: to be kept by the thousand, and put together in any company.

A table of one row is dozens of small arrays, which take longer to put together one by one than to answer.
A packed row is three runs of bytes, and its table is put together with a few operations for all columns at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.arrays import build_csr
from training_data.columnar import Columnar, Ragged, flatten, rebuild

T = TypeVar("T", bound=Columnar)
WORD: Final = np.dtype(np.int32)  # what the cells of rows of different lengths are packed as


@dataclass(frozen=True)
class _Layout(Generic[T]):
    """What rows of one table have in common.

    Attributes
    ----------
    empty : Columnar
        The table without rows.
    numbers : dtype
        A row of the columns that are arrays.
    runs : tuple of dtype
        Of the values of each run of cells: one of a `Ragged`, two of a sparse matrix.
    """

    empty: T
    numbers: np.dtype[Any]
    runs: tuple[np.dtype[Any], ...]


@dataclass(frozen=True, slots=True)
class PackedRow(Generic[T]):
    """One row.

    Attributes
    ----------
    numbers : bytes
        Of the columns that are arrays.
    lengths : bytes
        Words of each run of cells, int32.
    words : bytes
        The runs, one after the other.
    objects : tuple
        Of the columns that are tuples.
    """

    layout: _Layout[T]
    numbers: bytes
    lengths: bytes
    words: bytes
    objects: tuple[Any, ...]


def pack(table: T) -> list[PackedRow[T]]:
    """Return each row of a table alone; the cells of rows of different lengths have 4 or 8 bytes."""
    columns = list(flatten(table))
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    tuples = [column for column in columns if isinstance(column, tuple)]
    runs = [run for column in columns for run in _runs(column)]
    layout = _Layout(
        rebuild(table, (_empty(column) for column in columns)),
        np.dtype([(f"f{at}", one.dtype, one.shape[1:]) for at, one in enumerate(arrays)]),
        tuple(run.values.dtype for run in runs),
    )
    count = len(arrays[0])
    numbers = np.empty(count, dtype=layout.numbers)
    for at, values in enumerate(arrays):
        numbers[f"f{at}"] = values
    in_words = [_to_words(run) for run in runs]
    objects = list(zip(*tuples, strict=True)) or [()] * count
    rows = []
    for row in range(count):
        mine = [run.values[run.starts[row] : run.starts[row + 1]] for run in in_words]
        lengths = np.array([len(values) for values in mine], dtype=WORD).tobytes()
        words = b"".join([values.tobytes() for values in mine])
        rows.append(PackedRow(layout, numbers[row].tobytes(), lengths, words, objects[row]))
    return rows


def unpack(rows: Sequence[PackedRow[T]]) -> T:
    """Return at least one row, packed from tables with the same columns, as a table."""
    layout = rows[0].layout
    numbers = np.frombuffer(b"".join([row.numbers for row in rows]), dtype=layout.numbers)
    arrays = (np.ascontiguousarray(numbers[name]) for name in layout.numbers.names or ())
    tuples = zip(*(row.objects for row in rows), strict=True)
    runs = _unpack_runs(rows, layout.runs)
    columns = (_rebuild_column(one, arrays, tuples, runs) for one in flatten(layout.empty))
    table: T = rebuild(layout.empty, columns)
    return table


def _runs(column: Any) -> list[Ragged]:
    """Return the runs of cells of a column, none for one that has none."""
    match column:
        case Ragged():
            return [column]
        case sp.csr_matrix():
            return [Ragged(column.indptr, column.indices), Ragged(column.indptr, column.data)]
        case _:
            return []


def _empty(column: Any) -> Any:
    """Return a column without rows."""
    match column:
        case np.ndarray():
            return np.empty((0, *column.shape[1:]), dtype=column.dtype)
        case sp.csr_matrix():
            starts = np.zeros(1, dtype=column.indptr.dtype)
            return build_csr(
                column.data[:0].copy(), column.indices[:0].copy(), starts, column.shape[1]
            )
        case Ragged():
            return Ragged(np.zeros(1, dtype=np.int32), column.values[:0].copy())
        case tuple():
            return ()
        case shared:
            return shared


def _to_words(run: Ragged) -> Ragged:
    size = run.values.dtype.itemsize // WORD.itemsize
    return Ragged((run.starts * size).astype(np.int32), np.ascontiguousarray(run.values).view(WORD))


def _unpack_runs(rows: Sequence[PackedRow[T]], kinds: Sequence[np.dtype[Any]]) -> Iterator[Ragged]:
    """Yield each run of all rows; the words stand row by row, and are put run by run."""
    lengths = np.frombuffer(b"".join([row.lengths for row in rows]), dtype=WORD)
    words = np.frombuffer(b"".join([row.words for row in rows]), dtype=WORD)
    by_run = lengths.reshape(len(rows), len(kinds)).T
    begins = (np.cumsum(lengths) - lengths).reshape(len(rows), len(kinds)).T
    ends = np.zeros((len(kinds), len(rows) + 1), dtype=np.int32)
    np.cumsum(by_run, axis=1, out=ends[:, 1:])
    sizes, total = by_run.ravel(), np.cumsum(by_run.ravel())
    ordered = words[np.arange(len(words)) + np.repeat(begins.ravel() - (total - sizes), sizes)]
    first = 0
    for kind, starts in zip(kinds, ends, strict=True):
        values = ordered[first : first + starts[-1]].copy().view(kind)  # a copy is aligned
        first += starts[-1]
        size = np.int32(kind.itemsize // WORD.itemsize)
        yield Ragged(starts // size, values)


def _rebuild_column(
    empty: Any,
    arrays: Iterator[NDArray[Any]],
    tuples: Iterator[tuple[Any, ...]],
    runs: Iterator[Ragged],
) -> Any:
    """Return the column that stands where ``empty`` stands in the table without rows."""
    match empty:
        case np.ndarray():
            return next(arrays)
        case sp.csr_matrix():
            columns, cells = next(runs), next(runs)
            return build_csr(cells.values, columns.values, columns.starts, empty.shape[1])
        case Ragged():
            return next(runs)
        case tuple():
            return next(tuples)
        case shared:
            return shared
