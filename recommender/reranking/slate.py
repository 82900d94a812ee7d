"""From scored candidates to slates: the best of them reordered, and some places left to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.ranking.fit import grade_fit
from recommender.ranking.rankers import ScoredCandidates
from recommender.reranking.crowding import lower_crowded
from recommender.reranking.exploration import explore
from recommender.reranking.greedy import Bounds, Topics, rerank
from recommender.settings import SlateSettings

HEAD = 4  # the reranker looks at so many times k candidates
COMPARED = 8  # candidates that stand for all of a person's, evenly spread from the best to the last


@dataclass(frozen=True)
class Slates:
    """Slates for B participants.

    Attributes
    ----------
    ids : ndarray of int32, shape (B, k)
        Rows of the catalogue, best first; -1 from where a slate has no more.
    scores : ndarray of float32, shape (B, k)
    features : ndarray of float32, shape (B, k, F)
    propensities : ndarray of float64, shape (B, k), optional
        Probability with which each training came to its place; None: nothing was left to chance.
    compared : ndarray of float32, shape (B, ``COMPARED``, F), optional
        Features of some of each person's candidates, to which those of the slate are compared; None: to nothing.
    """

    ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    features: NDArray[np.float32]
    propensities: NDArray[np.float64] | None = None
    compared: NDArray[np.float32] | None = None

    def spread(self, rows: NDArray[np.intp], count: int) -> Slates:
        """Return these slates as those of ``rows`` of so many; the others are empty."""
        if len(rows) == count:
            return self

        def place(values: NDArray[Any], empty: float) -> NDArray[Any]:
            whole = np.full((count, *values.shape[1:]), empty, dtype=values.dtype)
            whole[rows] = values
            return whole

        shares = None if self.propensities is None else place(self.propensities, 1)
        compared = None if self.compared is None else place(self.compared, 0)
        return Slates(
            place(self.ids, -1),
            place(self.scores, -np.inf),
            place(self.features, 0),
            shares,
            compared,
        )


def build_slates(
    catalogue: Catalogue,
    course_vectors: NDArray[np.float32],
    scored: ScoredCandidates,
    settings: SlateSettings,
    topic_shares: NDArray[np.float32] | None = None,
    seeds: Sequence[str | None] | None = None,
) -> Slates:
    """Order n participants' candidates and keep the first k.

    Whatever else the order follows, nothing stands above what fits better (`recommender.ranking.fit`).

    Parameters
    ----------
    course_vectors : ndarray of float32, shape (N, D)
        Unit vectors of the trainings.
    topic_shares : ndarray of float32, shape (n, n_categories), optional
        See `recommender.participants.encodings.topic_shares`; None: slates are not calibrated.
    seeds : sequence of str or None, n long, optional
        What the exploration of each slate follows from; None: nothing is left to chance.
    """
    exploration = settings.exploration if seeds is not None else None
    rows = np.arange(len(scored.scores))[:, None]
    fits = np.where(scored.ids >= 0, grade_fit(scored.features), np.int8(-1))
    scores = scored.scores
    if settings.crowding_weight and catalogue.seats is not None:
        scores = lower_crowded(scores, scored.ids, catalogue.seats, settings)
    head = _select_head(scores, fits, settings)
    courses = np.maximum(scored.ids[rows, head], 0)
    places = rerank(
        scores[rows, head],
        courses,
        course_vectors,
        settings.k + (exploration.pool if exploration else 0),
        relevance_weight=settings.relevance_weight,
        calibration_weight=settings.calibration_weight,
        topics=None if topic_shares is None else Topics(catalogue.category[courses], topic_shares),
        bounds=_bound_providers(
            catalogue, courses, settings, settings.k - (exploration.places if exploration else 0)
        ),
    )
    placed = np.where(places >= 0, fits[rows, head[rows, places]], np.int8(-1))
    by_fit = np.argsort(-placed, axis=1, kind="stable")
    places, placed = places[rows, by_fit], placed[rows, by_fit]
    propensities = None
    if exploration and seeds is not None:
        places, propensities = explore(places, placed, settings.k, exploration, seeds)
    chosen = np.where(places >= 0, head[rows, places], -1)
    ids = np.where(chosen >= 0, scored.ids[rows, chosen], -1)
    return Slates(
        ids,
        scored.scores[rows, chosen],
        scored.features[rows, chosen],
        propensities,
        select_compared(scored),
    )


def select_compared(scored: ScoredCandidates) -> NDArray[np.float32]:
    """Return the features of ``COMPARED`` candidates of each of n participants, evenly spread by score."""
    people, candidates, width = scored.features.shape
    if not candidates:
        return np.zeros((people, COMPARED, width), dtype=np.float32)
    order = np.argsort(-scored.scores, axis=1, kind="stable")
    last = (scored.ids >= 0).sum(axis=1)[:, None] - 1
    places = np.maximum(last, 0) * np.arange(COMPARED) // (COMPARED - 1)
    rows = np.arange(people)[:, None]
    compared: NDArray[np.float32] = scored.features[rows, order[rows, places]]
    return compared


def _select_head(
    scores: NDArray[np.float32], fits: NDArray[np.int8], settings: SlateSettings
) -> NDArray[np.intp]:
    """Return the columns worth reranking, best first: the first few times k, all under a provider cap."""
    order = np.lexsort((-scores, -fits), axis=1)
    return order if settings.provider_cap else order[:, : HEAD * settings.k]


def _bound_providers(
    catalogue: Catalogue, courses: NDArray[np.int32], settings: SlateSettings, by: int
) -> Bounds | None:
    """Return what providers get of slates; ``by``: the place by which a floor is reached."""
    if not (settings.provider_cap or settings.small_provider_places):
        return None
    small = catalogue.of_small_provider[courses]
    small[:, HEAD * settings.k :] = False
    providers = catalogue.provider[courses]
    return Bounds(providers, small, settings.provider_cap, settings.small_provider_places, by)
