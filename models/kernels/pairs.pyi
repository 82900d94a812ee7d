import numpy as np
from numpy.typing import NDArray

def heaviest(
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    weights: NDArray[np.float32],
    left_out_starts: NDArray[np.int32],
    left_out: NDArray[np.int32],
    rows: NDArray[np.intp],
    sets: NDArray[np.int32],
    b: NDArray[np.int32],
    most: int,
) -> NDArray[np.int32]:
    """Return which columns of set ``b`` weigh most in a row of weights, pair by pair, (P, most).

    The heaviest first, the first of equal ones before the others. Rows are compressed; columns of the row of
    ``left_out``, and those that weigh nothing, are left out. Sets and what is returned are padded with -1.
    """

def strongest_of_rows(
    starts: NDArray[np.int32],
    members: NDArray[np.int32],
    rows: NDArray[np.intp],
    table_starts: NDArray[np.int32],
    table_members: NDArray[np.int32],
    table: NDArray[np.float32],
    b: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Return the member with the first of the largest values above 0 for ``b``, pair by pair, (P,); -1 for none.

    Of the members of each pair's row in compressed rows; the table, given by its parts, is in compressed rows too.
    """

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
