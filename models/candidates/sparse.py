"""Small helpers on matrices in compressed rows."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.kernels.sums import add_dense, add_sparse, means
from training_data.arrays import build_csr


def keep_largest(matrix: sp.csr_matrix, n: int) -> sp.csr_matrix:
    """Keep the ``n`` largest values of each row, without the diagonal."""
    matrix = matrix.tocoo()
    off = matrix.row != matrix.col
    rows, columns, data = matrix.row[off], matrix.col[off], matrix.data[off]
    order = np.lexsort((columns, -data, rows))
    rows, columns, data = rows[order], columns[order], data[order]
    starts = np.searchsorted(rows, np.arange(matrix.shape[0]))
    place = np.arange(len(rows)) - starts[rows]
    top = place < n
    cells = (data[top].astype(np.float32), (rows[top], columns[top]))
    return sp.csr_matrix(cells, shape=matrix.shape)


def sums_of_rows(
    starts: NDArray[np.int32],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    table: NDArray[np.float32] | sp.csr_matrix,
    some: NDArray[np.intp] | None = None,
) -> NDArray[np.float32]:
    """Return weighted sums of rows of a table, (n, N): the product of a B x K matrix in compressed rows and it.

    For few participants SciPy's product costs several times as much.

    Parameters
    ----------
    starts : ndarray of int32, shape (B + 1,)
        Where the cells of each sum begin.
    rows, weights : ndarray of int32 and of float32, shape (Z,)
        Rows of the table, -1 for none.
    table : ndarray of float32 or csr_matrix, shape (K, N)
    some : ndarray of intp, shape (n,), optional
        Which of the B sums are wanted; all by default.
    """
    some = np.arange(len(starts) - 1) if some is None else some
    total = np.zeros((len(some), table.shape[1]), dtype=np.float32)
    cells = _cells(starts, some, rows, weights)
    if isinstance(table, np.ndarray):
        add_dense(*cells, np.ascontiguousarray(table), total)
    else:
        add_sparse(*cells, table.indptr, table.indices, table.data, total)
    return total


def means_of_rows(
    weights: sp.csr_matrix,
    table: NDArray[np.float32],
    otherwise: NDArray[np.float32],
    some: NDArray[np.intp],
) -> NDArray[np.float32]:
    """Return weighted means of rows of a table, (n, N), weights of less than 1 in all counting as 1.

    Parameters
    ----------
    weights : csr_matrix, shape (B, K)
    table : ndarray of float32, shape (K, N)
    otherwise : ndarray of float32, shape (N,)
        Of whom nothing weighs.
    some : ndarray of intp, shape (n,)
        Which of the B means are wanted.
    """
    mean = np.empty((len(some), table.shape[1]), dtype=np.float32)
    cells = _cells(weights.indptr, some, weights.indices, weights.data)
    means(*cells, np.ascontiguousarray(table), otherwise, mean)
    return mean


def _cells(
    starts: NDArray[np.integer],
    some: NDArray[np.intp],
    rows: NDArray[np.integer],
    weights: NDArray[np.number],
) -> tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.int32], NDArray[np.float32]]:
    return (
        starts.astype(np.int32, copy=False),
        some,
        rows.astype(np.int32, copy=False),
        weights.astype(np.float32, copy=False),
    )


def selection(old: NDArray[np.int32], n_old: int) -> sp.csr_matrix:
    """Return S, shape (n_old, n), so that ``X @ S`` has column ``old[j]`` of X at j, or zeros where it is -1."""
    known = np.flatnonzero(old >= 0)
    cells = (np.ones(len(known), dtype=np.float32), (old[known], known))
    return sp.csr_matrix(cells, shape=(n_old, len(old)))


def fill_rows(table: NDArray[np.float32], filled: NDArray[np.intp]) -> sp.csr_matrix:
    """Return a table as compressed rows, those that are not ``filled`` empty."""
    lengths = np.zeros(len(table), dtype=np.int32)
    lengths[filled] = table.shape[1]
    columns = np.tile(np.arange(table.shape[1], dtype=np.int32), len(filled))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return build_csr(table[filled].ravel(), columns, starts, table.shape[1])
