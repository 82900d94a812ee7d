import numpy as np
from numpy.typing import NDArray

def grid(steps: NDArray[np.float32], low: float, scale: float, first: NDArray[np.int32]) -> None:
    """Count the steps (S,), ascending, that lie in cells before each of G cells, into ``first`` (G + 1,)."""

def add_heights(
    values: NDArray[np.float32],
    steps: NDArray[np.float32],
    heights: NDArray[np.float32],
    first: NDArray[np.int32],
    low: float,
    scale: float,
    total: NDArray[np.float32],
) -> None:
    """Add to ``total`` (n,) the height at each value (n,), of ``heights`` (S + 1,) between the steps (S,).

    Parameters
    ----------
    first, low, scale
        The grid of the steps; the cell of a value never falls as the value rises.
    """
