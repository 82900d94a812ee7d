import numpy as np
from numpy.typing import NDArray

def last_of_each(
    indptr: NDArray[np.int64], items: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the last event of each item of each row, by item, and where those of each row begin, (B + 1,)."""

def fading(indptr: NDArray[np.int64], keep: float) -> NDArray[np.float32]:
    """Return ``keep`` to the power of how many events of the same row come after each, (E,)."""
