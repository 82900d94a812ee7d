import numpy as np
from numpy.typing import NDArray

def closest(
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    rows: NDArray[np.intp],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    b: NDArray[np.int32],
    least: float,
) -> NDArray[np.int32]:
    """Return which row of ``left`` has the largest inner product with row ``b`` of ``right``, pair by pair, (P,).

    Of the members of each pair's row in compressed rows; the first of equal ones, and -1 where none reaches
    ``least``.
    """

def heaviest(
    weights: NDArray[np.float32],
    rows: NDArray[np.intp],
    sets: NDArray[np.int32],
    b: NDArray[np.int32],
    most: int,
) -> NDArray[np.int32]:
    """Return which columns of set ``b`` weigh most in a row of ``weights``, pair by pair, (P, most).

    The heaviest first, the first of equal ones before the others. Sets and what is returned are padded with
    -1; what weighs nothing is left out.
    """

def cells(
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: NDArray[np.float32],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write the cells (P,) of a matrix in compressed rows; 0 where it has none."""

def largest(
    starts: NDArray[np.int32], members: NDArray[np.int32], values: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Return the member with the first of the largest values above 0 of each segment, (S,); -1 where none is."""

def leading(
    values: NDArray[np.float32],
    kinds: NDArray[np.int32],
    speaks: NDArray[np.uint8],
    most: int,
    early: int,
) -> NDArray[np.int32]:
    """Return the columns with the largest values of each row, one of a kind, (M, most) padded with -1.

    Only those above 0, and of equal ones the first first.

    Parameters
    ----------
    values : ndarray of float32, shape (M, F)
    kinds : ndarray of int32, shape (F,)
    speaks : ndarray of uint8, shape (F, M)
        Which columns count in a row.
    early : int
        The later ones in the order of a row are looked at only where none of so many counts.
    """
