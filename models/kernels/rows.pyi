import numpy as np
from numpy.typing import NDArray

def by_matrix(
    sizes: NDArray[np.int32], columns: NDArray[np.int32], cells: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], list[int]]:
    """Put the rows of F matrices matrix by matrix.

    Parameters
    ----------
    sizes : ndarray of int32, shape (B, F)
        How many cells each person's row of each matrix has.
    columns, cells : ndarray of int32 and of float32, shape (Z,)
        Of each person's rows, one after the other.

    Returns
    -------
    indptr : ndarray of int32, shape (F, B + 1)
        Where each person's cells begin and end in each matrix.
    columns, cells : ndarray of int32 and of float32, shape (Z,)
        Of each matrix, one after the other.
    bounds : list of int, F + 1 long
        Where the cells of each matrix begin and end.
    """
