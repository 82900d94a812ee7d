import numpy as np
from numpy.typing import NDArray

def products(
    few: NDArray[np.float32], tiles: NDArray[np.float32], into: NDArray[np.float32]
) -> None:
    """Write into ``into`` (B, at least 24 T) the products of ``few`` (B, D) with vectors in tiles (T, D, 24)."""

def products_within(
    few: NDArray[np.float32],
    tiles: NDArray[np.float32],
    columns: NDArray[np.int32],
    mask: NDArray[np.bool_],
    into: NDArray[np.float32],
) -> None:
    """Write the products of ``few`` (B, D) with vectors in tiles (T, D, 24) that a mask (B, N) wants.

    Parameters
    ----------
    columns : ndarray of int32, at most 24 T long
        The column of each vector in ``mask`` and ``into``.
    into : ndarray of float32, shape (B, N)
        Where a row wants no vector of a tile, the tile's columns are left as they are.
    """
