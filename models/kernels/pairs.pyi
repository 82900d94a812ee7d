import numpy as np
from numpy.typing import NDArray

def products(
    left: NDArray[np.float32],
    a: NDArray[np.int32],
    right: NDArray[np.float32],
    b: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write the inner products of rows ``a`` of one matrix and rows ``b`` of another, pair by pair, (P,)."""

def cells(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write the cells (P,) of a matrix in compressed rows; 0 where it has none."""

def largest(starts: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the place of the first of the largest values of each segment (S,); -1 for an empty one."""
