"""From scored candidates to an ordered list: diversity and a cap on what one provider may fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rerank(
    scores: NDArray[np.float32],
    vectors: NDArray[np.float32],
    providers: NDArray[np.int32],
    k: int,
    *,
    relevance_weight: float = 1.0,
    provider_cap: int | None = None,
) -> NDArray[np.int64]:
    """Choose k of C candidates for each of B participants, best first.

    Maximal marginal relevance (Carbonell and Goldstein 1998): each step takes the candidate with the
    largest ``relevance_weight * relevance - (1 - relevance_weight) * similarity to what is chosen``,
    where relevance is the score scaled to [0, 1] within the list.

    Parameters
    ----------
    scores : ndarray of float32, shape (B, C)
        -inf marks places without a candidate.
    vectors : ndarray of float32, shape (B, C, D)
        Unit vectors of the candidates.
    providers : ndarray of int32, shape (B, C)
        Who teaches each candidate; -1 is never capped.
    relevance_weight : float
        1 keeps the order of the scores; smaller values trade relevance for diversity.
    provider_cap : int, optional
        Most trainings of one provider in a list.

    Returns
    -------
    ndarray of int64, shape (B, min(k, C))
        Columns of the candidates; -1 from where a list has no more.
    """
    B, C = scores.shape
    k = min(k, C)
    relevance = _scaled(scores)
    open_ = np.isfinite(scores)
    similarity = np.zeros((B, C), dtype=np.float32)
    chosen = np.full((B, k), -1, dtype=np.int64)
    filled = np.zeros((B, C), dtype=np.int32)
    rows = np.arange(B)
    for step in range(k):
        gain = relevance_weight * relevance - (1.0 - relevance_weight) * similarity
        gain = np.where(open_, gain, -np.inf)
        best = gain.argmax(axis=1)
        found = open_[rows, best]
        chosen[:, step] = np.where(found, best, -1)
        open_[rows, best] = False
        if relevance_weight < 1.0:
            to_best = np.einsum("bcd,bd->bc", vectors, vectors[rows, best])
            similarity = np.maximum(similarity, np.where(found[:, None], to_best, similarity))
        if provider_cap is not None:
            same = (providers == providers[rows, best][:, None]) & (providers >= 0) & found[:, None]
            filled += same
            open_ &= filled < provider_cap
    return chosen


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores of each row scaled to [0, 1] over its candidates."""
    finite = np.isfinite(scores)
    low = np.where(finite, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    high = np.where(finite, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    width = np.where(high > low, high - low, 1.0)
    return np.where(finite, (scores - low) / width, 0.0).astype(np.float32)
