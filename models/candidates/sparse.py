"""Small helpers on CSR matrices."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


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


def selection(old: NDArray[np.int32], n_old: int) -> sp.csr_matrix:
    """Return S, shape (n_old, n), so that ``X @ S`` has column ``old[j]`` of X at j, or zeros where it is -1."""
    known = np.flatnonzero(old >= 0)
    cells = (np.ones(len(known), dtype=np.float32), (old[known], known))
    return sp.csr_matrix(cells, shape=(n_old, len(old)))
