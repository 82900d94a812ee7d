import numpy as np
from numpy.typing import NDArray

def add_dense(
    starts: NDArray[np.int32],
    some: NDArray[np.intp],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    table: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    """Add to each row of ``total`` (B, N) the rows of a table (K, N), weighted; negative rows are left out.

    Parameters
    ----------
    starts : ndarray of int32
        Where the cells of each sum begin and end.
    some : ndarray of intp, shape (B,)
        Which sums are wanted.
    rows, weights : ndarray of int32 and of float32, shape (Z,)
    """

def means(
    starts: NDArray[np.int32],
    some: NDArray[np.intp],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    table: NDArray[np.float32],
    otherwise: NDArray[np.float32],
    mean: NDArray[np.float32],
) -> None:
    """Write weighted means of rows of a table (K, N) to ``mean`` (B, N); ``otherwise`` (N,) where nothing weighs.

    Weights of less than 1 in all count as 1.
    """

def add_sparse(
    starts: NDArray[np.int32],
    some: NDArray[np.intp],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    """Do the same for a table in compressed rows, of which ``indptr``, ``indices`` and ``data`` are the parts."""

def best_of_rows(
    starts: NDArray[np.int32],
    some: NDArray[np.intp],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    table: list[NDArray[np.float32]],
    best: NDArray[np.float32],
) -> None:
    """Write the largest of some rows of a table, weighted, to each row of ``best`` (B, N).

    Weights are divided by the largest of a person's; what weighs less than 0 takes away as much as its row says.
    0 where nothing weighs more than 0.

    Parameters
    ----------
    starts, some, rows, weights
        As in `add_dense`.
    table : list of ndarray of float32, each of shape (N,)
    """

def put_columns(
    values: NDArray[np.float32], columns: NDArray[np.int32], into: NDArray[np.float32]
) -> None:
    """Write values (B, K) to the columns (K,) of ``into`` (B, N)."""
