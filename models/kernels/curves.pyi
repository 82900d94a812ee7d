import numpy as np
from numpy.typing import NDArray

def grid(steps: NDArray[np.float32], low: float, scale: float, first: NDArray[np.int32]) -> None:
    """Count the steps (S,), ascending, that lie in cells before each of G cells, into ``first`` (G + 1,)."""

def add_heights(
    values: NDArray[np.float32],
    starts: NDArray[np.int32],
    steps: NDArray[np.float32],
    heights: NDArray[np.float32],
    first: NDArray[np.int32],
    low: NDArray[np.float32],
    scale: NDArray[np.float32],
    into: NDArray[np.float32],
) -> None:
    """Add to ``into`` (n, F) the height of each of F curves at the values (n, F); all to one column, where (n, 1).

    Parameters
    ----------
    starts : ndarray of int32, shape (F + 1,)
        Where the steps of each curve begin.
    steps, heights
        Of all curves, one after the other; a curve has one more height than steps.
    first, low, scale
        The grid of each curve, (F, G + 1) and (F,); the cell of a value never falls as the value rises.
    """
