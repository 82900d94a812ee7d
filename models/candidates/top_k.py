"""From a score for every course to the best k that are permitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Ids = NDArray[np.int32]
Scores = NDArray[np.float32]


def top_k(scores: Scores, k: int, mask: Mask | None = None) -> tuple[Ids, Scores]:
    """Return the best ``k`` courses of each row, best first; equal scores go by the smaller id.

    Parameters
    ----------
    scores : ndarray of float32, shape (B, N)
        -inf where the model has nothing to say.
    k : int
    mask : ndarray of bool, shape (B, N) or (N,), optional
        Permitted courses.

    Returns
    -------
    ids : ndarray of int32, shape (B, k)
        -1 in places that could not be filled.
    scores : ndarray of float32, shape (B, k)
        -inf in those places.
    """
    if mask is not None:
        scores = np.where(mask, scores, np.float32(-np.inf))
    n = min(k, scores.shape[1])
    ids = np.full((len(scores), k), -1, dtype=np.int32)
    best = np.full((len(scores), k), -np.inf, dtype=np.float32)
    if n == 0 or len(scores) == 0:
        return ids, best
    border = np.partition(scores, scores.shape[1] - n, axis=1)[:, -n, None]
    # everything above the border, then ties at the border by id: argpartition alone would pick ties at random
    above = scores > border
    room = n - above.sum(axis=1, keepdims=True)
    tied = scores == border
    chosen = above | (tied & (np.cumsum(tied, axis=1) <= room))
    picked = np.nonzero(chosen)[1].reshape(len(scores), n)
    values = np.take_along_axis(scores, picked, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    filled = np.isfinite(values)
    ids[:, :n] = np.where(filled, np.take_along_axis(picked, order, axis=1), -1)
    best[:, :n] = np.where(filled, values, -np.inf)
    return ids, best
