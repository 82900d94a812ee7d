import numpy as np
from numpy.typing import NDArray

def choose(
    k: int,
    relevance: NDArray[np.float32],
    open_: NDArray[np.bool_],
    redundancy: float,
    alike: NDArray[np.float32],
    calibration: float,
    smoothing: float,
    topics: NDArray[np.int32],
    wished: NDArray[np.float32],
    providers: NDArray[np.int32],
    small: NDArray[np.bool_],
    cap: int,
    least: int,
    by: int,
) -> NDArray[np.int64]:
    """Choose k of C candidates for each of B participants, best first, (B, k); -1 from where there is none.

    Parameters
    ----------
    relevance, open_ : ndarray of float32 and of bool, shape (B, C)
        ``open_`` is changed in its place.
    redundancy, alike : float, and ndarray of float32, shape (B, C, C)
        Weight of the largest likeness to what is chosen; of no rows: likeness does not count.
    calibration, smoothing, topics, wished
        As `recommender.reranking.Topics` has them; of no rows: topics do not count.
    providers, small, cap, least, by
        As `recommender.reranking.Bounds` has them; of no rows: there are no bounds.
    """
