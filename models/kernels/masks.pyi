import numpy as np
from numpy.typing import NDArray

def mark_farther(
    km: NDArray[np.float32],
    origin: NDArray[np.int64],
    most: NDArray[np.float32],
    columns: NDArray[np.int32],
    into: NDArray[np.bool_],
) -> None:
    """Write whether each of A columns of ``into`` (n, N) is farther than the most that each row goes.

    Parameters
    ----------
    km : ndarray of float32, shape (O, at least A)
    origin, most : ndarray of int64 and of float32, shape (n,)
        The row of ``km`` from which each goes, and how far.
    columns : ndarray of int32, shape (A,)
    """

def mark_some(
    found: NDArray[np.bool_],
    places: NDArray[np.int32],
    columns: NDArray[np.int32],
    into: NDArray[np.bool_],
) -> None:
    """Mark ``columns`` (J,) of ``into`` (n, N) where ``found`` (n, P) is True in the column of ``places`` (J,)."""

def mark_containing(
    indptr: NDArray[np.int32],
    columns: NDArray[np.int32],
    rows: NDArray[np.int64],
    width: int,
    sets: NDArray[np.int32],
    into: NDArray[np.bool_],
) -> None:
    """Mark in ``into`` (n, M) the sets of which some rows of a matrix in compressed rows have every column.

    Parameters
    ----------
    width : int
        Columns of the matrix.
    sets : ndarray of int32, shape (M, W)
        Columns of each set, the rest of a row filled with -1; an empty set is never marked.
    """

def mark_entered(
    near: NDArray[np.bool_],
    places: NDArray[np.int64],
    closes: NDArray[np.int64],
    columns: NDArray[np.int32],
    ready: NDArray[np.int64],
    into: NDArray[np.bool_],
) -> None:
    """Mark in each row of ``into`` (B, N) the columns of sessions that are near and close no earlier than its day.

    Parameters
    ----------
    near : ndarray of bool, shape (B, L)
        Which places are.
    places, closes, columns : ndarray of int, shape (S,)
        The place, the last day and the column of each session.
    ready : ndarray of int64, shape (B,)
        The day of each row.
    """
