"""From a score for every course to the best k that are permitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Ids = NDArray[np.int32]
Scores = NDArray[np.float32]
CELLS = 1 << 20
"""Most scores that are looked at together: what stays in the cache is several times faster."""


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
    ids = np.full((len(scores), k), -1, dtype=np.int32)
    best = np.full((len(scores), k), -np.inf, dtype=np.float32)
    n = min(k, scores.shape[1])
    block = max(CELLS // max(scores.shape[1], 1), 1)
    for start in range(0, len(scores) if n else 0, block):
        part = slice(start, start + block)
        some = scores[part]
        if mask is not None:
            some = np.where(mask if mask.ndim == 1 else mask[part], some, np.float32(-np.inf))
        ids[part, :n], best[part, :n] = _best(some, n)
    return ids, best


def _best(scores: Scores, n: int) -> tuple[Ids, Scores]:
    keys = _keys(scores)
    picked = np.sort(np.partition(keys, keys.shape[1] - n, axis=1)[:, -n:], axis=1)[:, ::-1]
    ids = (keys.shape[1] - 1 - (picked & 0xFFFFFFFF)).astype(np.int32)
    values = np.take_along_axis(scores, ids, axis=1)
    filled = np.isfinite(values)
    return np.where(filled, ids, np.int32(-1)), np.where(filled, values, np.float32(-np.inf))


def _keys(scores: Scores) -> NDArray[np.int64]:
    """Return whole numbers, no two alike in a row, in the order of score and, where equal, of falling id.

    A float's bits are in its order as they stand, and reversed below zero.
    """
    bits = (scores + np.float32(0)).view(np.int32)  # -0 becomes 0
    bits ^= (bits >> 31) & np.int32(0x7FFFFFFF)
    keys = bits.astype(np.int64)
    keys <<= 32
    keys |= np.arange(scores.shape[1] - 1, -1, -1)
    return keys
