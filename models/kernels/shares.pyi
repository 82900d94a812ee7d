import numpy as np
from numpy.typing import NDArray

def weighted_shares(
    need_ends: NDArray[np.int32],
    needs: NDArray[np.int32],
    weights: NDArray[np.float32],
    held_ends: NDArray[np.int32],
    held: NDArray[np.int32],
    rows: NDArray[np.int64],
    width: int,
    sets: NDArray[np.int32],
    items: NDArray[np.int32],
    gap_closed: NDArray[np.float32],
    needed: NDArray[np.float32],
    owned: NDArray[np.float32],
) -> None:
    """Write what the set of each of some items is to a row that needs some columns and holds some, (n, C) each.

    Parameters
    ----------
    need_ends, needs, weights, held_ends, held
        Two matrices in compressed rows: how much each column is needed, and which are held.
    rows : ndarray of int64, shape (n,)
    width : int
        Columns of the matrices.
    sets : ndarray of int32, shape (N, W)
        Columns of each item, the rest of a row filled with -1.
    items : ndarray of int32, shape (n, C)
    gap_closed
        Share of what is needed and not held that the set has, by weight.
    needed, owned
        Share of the set that is needed, and that is held.
    """

def shares(
    ends: NDArray[np.int32],
    columns: NDArray[np.int32],
    rows: NDArray[np.int64],
    width: int,
    sets: NDArray[np.int32],
    items: NDArray[np.int32],
    into: NDArray[np.float32],
) -> None:
    """Write into ``into`` (n, C) the share of each item's set that rows of a matrix in compressed rows have."""

def cells_of(
    values: NDArray[np.float32],
    rows: NDArray[np.int64],
    columns: NDArray[np.int32],
    items: NDArray[np.int32],
    into: NDArray[np.float32],
) -> None:
    """Write into ``into`` (n, C) the cells of ``values`` in the columns of items; 0 where a column is negative."""
