import numpy as np
from numpy.typing import NDArray

def columns_of(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where the True cells of each row begin, (B + 1,), and their columns, (P,), row by row."""

def propose(
    scores: NDArray[np.float32],
    starts: NDArray[np.int32],
    columns: NDArray[np.int32],
    most: int,
    proposed: NDArray[np.bool_],
) -> int:
    """Mark, of ``columns``, the ``most`` of each row with the largest scores above 0, and return how many.

    Of equal scores at the border the first columns are taken.

    Parameters
    ----------
    scores : ndarray of float32, shape (B, N)
    proposed : ndarray of bool, shape (P,)
        Changed in its place.
    """

def largest(scores: NDArray[np.float32], most: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the columns of the largest scores above 0 of each row (B, N), ascending, and where each row's begin.

    All that are equal to the ``most``-th largest are among them.
    """

def fill(starts: NDArray[np.int32], least: int, proposed: NDArray[np.bool_]) -> None:
    """Mark the first cells of rows that have fewer than ``least`` marked, as far as there are some."""

def listed(
    starts: NDArray[np.int32], columns: NDArray[np.int32], proposed: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Return the marked columns of each row, (B, longest), padded with -1."""

def gathered(scores: NDArray[np.float32], ids: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the scores of the columns ``ids`` (B, C) of each row; 0 for -inf, and where the column is -1."""
