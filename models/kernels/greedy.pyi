import numpy as np
from numpy.typing import NDArray

def choose(
    k: int,
    scores: NDArray[np.float32],
    relevance_weight: float,
    redundancy: float,
    vectors: NDArray[np.float32],
    courses: NDArray[np.int32],
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
    scores : ndarray of float32, shape (B, C)
        -inf marks places without a candidate.
    relevance_weight : float
        Of the scores, scaled to [0, 1] within each list.
    redundancy : float
        Weight of the largest inner product with what is chosen; 0: it is not worked out.
    vectors, courses : ndarray of float32, shape (N, D), and of int32, shape (B, C)
        The vectors, and the row of each candidate among them.
    calibration, smoothing, topics, wished
        As `recommender.reranking.greedy.Topics` has them; of no rows: topics do not count.
    providers, small, cap, least, by
        As `recommender.reranking.greedy.Bounds` has them; of no rows: there are no bounds.
    """
