"""From scored candidates to an ordered list: diversity, topics in proportion, and bounds for providers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels.greedy import choose

NO_CAP = np.iinfo(np.int32).max
_NONE = np.empty((0, 0), dtype=np.int32)
_FLAT = np.empty((0, 0), dtype=np.float32)
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
    courses: NDArray[np.int32],
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
    courses : ndarray of int32, shape (B, C)
        Row of each candidate in ``vectors``.
    vectors : ndarray of float32, shape (N, D)
        Unit vectors.
    relevance_weight : float
        1 keeps the order of the scores; smaller values trade relevance for diversity.
    calibration_weight : float
        0 leaves topics alone.

    Returns
    -------
    ndarray of int64, shape (B, min(k, C))
        Columns of the candidates; -1 from where a list has no more.
    """
    calibrating = topics is not None and bool(calibration_weight)
    of, wished = (
        (topics.of, topics.wished) if topics is not None and calibrating else (_NONE, _FLAT)
    )
    kept = bounds or Bounds(_NONE, _NONE.astype(bool))
    return choose(
        min(k, scores.shape[1]),
        np.ascontiguousarray(scores),
        relevance_weight,
        1.0 - relevance_weight,
        vectors,
        courses,
        calibration_weight,
        SMOOTHING,
        of,
        wished,
        kept.providers,
        kept.small,
        NO_CAP if kept.cap is None else kept.cap,
        kept.floor,
        kept.by,
    )
