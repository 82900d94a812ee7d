"""What the log of events says of candidates beyond the features that reasons are given for.

They follow the others in a row of features. Trees read them; curves and fixed weights do not.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.ranking.pair_features import PairFeatures, Pairs
from recommender.retrieval.candidates import SourceScores

RANK_DAMPING = np.float32(10)


def list_log_features(log: PairFeatures, sources: Iterable[str]) -> list[str]:
    """Return their names, in order."""
    return log.names + [
        f"{source}_{what}" for source in sources for what in ("score", "below_best", "rank")
    ]


def compute_log_features(
    log: PairFeatures, batch: Histories, candidates: NDArray[np.int32], scores: SourceScores
) -> NDArray[np.float32]:
    """Return the features of each candidate, shape (n, C, L) in the order of `list_log_features`.

    Parameters
    ----------
    candidates : ndarray of int32, shape (n, C)
        Rows of the catalogue, -1 where a list has no more; there the features mean nothing.
    scores : dict of ndarray of float32, shape (n, C)
        Each source's score of each.
    """
    rows, places = np.nonzero(candidates >= 0)
    table, names = log.table(batch, Pairs(rows, candidates[rows, places]))
    features = np.zeros((*candidates.shape, len(names) + 3 * len(scores)), dtype=np.float32)
    features[rows, places, : len(names)] = table
    real = candidates >= 0
    for place, score in enumerate(scores.values()):
        own = np.where(real, score, np.float32(-np.inf))
        order = np.argsort(-own, axis=1, kind="stable")
        rank = np.empty(own.shape, dtype=np.float32)
        np.put_along_axis(rank, order, np.arange(own.shape[1], dtype=np.float32)[None], axis=1)
        best = own.max(axis=1, keepdims=True, initial=-np.inf)
        first = len(names) + 3 * place
        features[:, :, first] = score
        features[:, :, first + 1] = np.where(real, score - best, 0)
        features[:, :, first + 2] = RANK_DAMPING / (RANK_DAMPING + rank)
    return features
