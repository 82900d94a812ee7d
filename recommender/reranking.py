"""From scored candidates to an ordered list: diversity, topics in proportion, and bounds for providers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMOOTHING = 0.01  # share of the wished topics mixed into a list's, so that the divergence is finite


@dataclass(frozen=True)
class Topics:
    """The topics of candidates, and in which proportion each participant wants them.

    Attributes
    ----------
    of : ndarray of int32, shape (B, C)
        Topic of each candidate; -1 for none.
    wished : ndarray of float32, shape (B, T)
        Rows sum to 1; a row of zeros is of somebody of whom nothing is known, and wishes nothing.
    """

    of: NDArray[np.int32]
    wished: NDArray[np.float32]


@dataclass(frozen=True)
class Bounds:
    """What providers get of a list.

    Attributes
    ----------
    providers : ndarray of int32, shape (B, C)
        Who teaches each candidate; -1 is never capped.
    small : ndarray of bool, shape (B, C)
        Whether that is a small provider.
    cap : int, optional
        Most trainings of one provider in a list.
    floor : int
        Least trainings of small providers, as far as there are candidates of theirs.
    by : int
        The place by which the floor is reached.
    """

    providers: NDArray[np.int32]
    small: NDArray[np.bool_]
    cap: int | None = None
    floor: int = 0
    by: int = 0


def rerank(
    scores: NDArray[np.float32],
    vectors: NDArray[np.float32],
    k: int,
    *,
    relevance_weight: float = 1.0,
    calibration_weight: float = 0.0,
    topics: Topics | None = None,
    bounds: Bounds | None = None,
) -> NDArray[np.int64]:
    """Choose k of C candidates for each of B participants, best first.

    Each step takes the candidate with the largest
    ``relevance_weight * relevance - (1 - relevance_weight) * similarity - calibration_weight * divergence``.
    Relevance is the score scaled to [0, 1] within the list. Similarity is the largest cosine to what is
    chosen (maximal marginal relevance; Carbonell and Goldstein 1998). Divergence is that of the topics of
    the list, the candidate included, from those wished (KL, in nats; greedily as Steck 2018 has it).

    A floor is reached as late as may be: the best of the others are taken until the places left are all
    needed for small providers. So it costs the least relevance that a floor can cost.

    Parameters
    ----------
    scores : ndarray of float32, shape (B, C)
        -inf marks places without a candidate.
    vectors : ndarray of float32, shape (B, C, D)
        Unit vectors of the candidates.
    relevance_weight : float
        1 keeps the order of the scores; smaller values trade relevance for diversity.
    calibration_weight : float
        0 leaves topics alone.

    Returns
    -------
    ndarray of int64, shape (B, min(k, C))
        Columns of the candidates; -1 from where a list has no more.
    """
    B, C = scores.shape
    k = min(k, C)
    relevance = relevance_weight * _scaled(scores)
    open_ = np.isfinite(scores)
    similarity = np.zeros((B, C), dtype=np.float32)
    chosen = np.full((B, k), -1, dtype=np.int64)
    calibrating = _Calibrating(topics) if topics is not None and calibration_weight else None
    bounding = _Bounding(bounds) if bounds is not None else None
    rows = np.arange(B)
    alike = vectors @ vectors.transpose(0, 2, 1) if relevance_weight < 1.0 else None
    for step in range(k):
        gain = relevance - (1.0 - relevance_weight) * similarity
        if calibrating is not None:
            gain -= calibration_weight * calibrating.divergence()
        allowed = open_ if bounding is None else bounding.allowed(open_, step)
        gain = np.where(allowed, gain, -np.inf)
        best = gain.argmax(axis=1)
        found = allowed[rows, best]
        chosen[:, step] = np.where(found, best, -1)
        open_[rows, best] = False
        if alike is not None:
            np.maximum(similarity, alike[rows, best], out=similarity, where=found[:, None])
        if calibrating is not None:
            calibrating.add(best, found)
        if bounding is not None:
            bounding.add(best, found)
    return chosen


class _Calibrating:
    """The topics of lists as they grow; having none is one more topic, which nobody wishes."""

    def __init__(self, topics: Topics) -> None:
        width = topics.wished.shape[1]
        self._wished = np.pad(topics.wished, ((0, 0), (0, 1)))
        self._of = np.where(topics.of >= 0, topics.of, width)
        self._counts = np.zeros_like(self._wished)

    def divergence(self) -> NDArray[np.float32]:
        """Divergence of each list from what is wished, were a candidate added, (B, C)."""
        wished = self._wished[:, None, :]
        after = self._counts[:, None, :] + np.eye(wished.shape[2], dtype=np.float32)
        listed = (1 - SMOOTHING) * after / after.sum(axis=2, keepdims=True) + SMOOTHING * wished
        known = wished > 0
        terms = wished * np.log(np.where(known, wished, 1) / np.where(known, listed, 1))
        divergence: NDArray[np.float32] = np.take_along_axis(terms.sum(axis=2), self._of, axis=1)
        return divergence

    def add(self, best: NDArray[np.intp], found: NDArray[np.bool_]) -> None:
        """Count the topics of what was chosen."""
        rows = np.arange(len(best))
        self._counts[rows, self._of[rows, best]] += found


class _Bounding:
    """What providers have of lists as they grow."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._filled = np.zeros(bounds.providers.shape, dtype=np.int32)
        self._small = np.zeros(len(bounds.providers), dtype=np.int32)

    def allowed(self, open_: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
        """Return the candidates (B, C) that the bounds allow at a step."""
        bounds = self._bounds
        if bounds.cap is not None:
            open_ = open_ & (self._filled < bounds.cap)
        if step >= bounds.by or not bounds.floor:
            return open_
        small = open_ & bounds.small
        missing = np.minimum(bounds.floor - self._small, small.sum(axis=1))
        pressed = missing >= bounds.by - step
        return np.where((pressed & (missing > 0))[:, None], small, open_)

    def add(self, best: NDArray[np.intp], found: NDArray[np.bool_]) -> None:
        """Count the providers of what was chosen."""
        rows, providers = np.arange(len(best)), self._bounds.providers
        same = (providers == providers[rows, best][:, None]) & (providers >= 0)
        self._filled += same & found[:, None]
        self._small += self._bounds.small[rows, best] & found


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores of each row scaled to [0, 1] over its candidates."""
    finite = np.isfinite(scores)
    low = np.where(finite, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    high = np.where(finite, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    width = np.where(high > low, high - low, 1.0)
    return np.where(finite, (scores - low) / width, 0.0).astype(np.float32)
