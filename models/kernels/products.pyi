import numpy as np
from numpy.typing import NDArray

def products(
    few: NDArray[np.float32], tiles: NDArray[np.float32], into: NDArray[np.float32]
) -> None:
    """Write into ``into`` (B, at least 16 T) the products of ``few`` (B, D) with vectors in tiles (T, D, 16)."""
