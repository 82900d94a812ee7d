import numpy as np
from numpy.typing import NDArray

def add_dense(
    starts: NDArray[np.int32],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    table: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    """Add to each row of ``total`` (B, N) the rows of a table (K, N), weighted; negative rows are left out.

    Parameters
    ----------
    starts : ndarray of int32, shape (B + 1,)
        Where the cells of each row of ``total`` begin.
    rows, weights : ndarray of int32 and of float32, shape (Z,)
    """

def add_sparse(
    starts: NDArray[np.int32],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    """Do the same for a table in compressed rows, of which ``indptr``, ``indices`` and ``data`` are the parts."""
