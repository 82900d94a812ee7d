"""Small helpers on matrices in compressed rows."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.kernels.sums import add_dense, add_sparse


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
) -> NDArray[np.float32]:
    """Return weighted sums of rows of a table, (B, N): the product of a B x K matrix in compressed rows and it.

    For few participants SciPy's product costs several times as much.

    Parameters
    ----------
    starts : ndarray of int32, shape (B + 1,)
        Where the cells of each sum begin.
    rows, weights : ndarray of int32 and of float32, shape (Z,)
        Rows of the table, -1 for none.
    table : ndarray of float32 or csr_matrix, shape (K, N)
    """
    total = np.zeros((len(starts) - 1, table.shape[1]), dtype=np.float32)
    cells = (
        starts.astype(np.int32, copy=False),
        rows.astype(np.int32, copy=False),
        weights.astype(np.float32, copy=False),
    )
    if isinstance(table, np.ndarray):
        add_dense(*cells, np.ascontiguousarray(table), total)
    else:
        add_sparse(*cells, table.indptr, table.indices, table.data, total)
    return total


def selection(old: NDArray[np.int32], n_old: int) -> sp.csr_matrix:
    """Return S, shape (n_old, n), so that ``X @ S`` has column ``old[j]`` of X at j, or zeros where it is -1."""
    known = np.flatnonzero(old >= 0)
    cells = (np.ones(len(known), dtype=np.float32), (old[known], known))
    return sp.csr_matrix(cells, shape=(n_old, len(old)))
