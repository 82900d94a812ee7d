"""From scored candidates to lists: the best of them reordered, and some places left to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.reranking.exploration import explore
from recommender.reranking.greedy import Bounds, Topics, rerank
from recommender.retrieval.candidates import Candidates
from recommender.settings import Settings

HEAD = 4  # the reranker looks at so many times k candidates


@dataclass(frozen=True)
class Lists:
    """Lists for n participants: rows of the catalogue, scores, features and propensities as in `Answer`."""

    ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    features: NDArray[np.float32]
    propensities: NDArray[np.float64] | None

    def among(self, rows: NDArray[np.intp], count: int) -> Lists:
        """Return these lists as those of ``rows`` of so many; the others are empty."""
        if len(rows) == count:
            return self

        def spread(values: NDArray[Any], empty: float) -> NDArray[Any]:
            whole = np.full((count, *values.shape[1:]), empty, dtype=values.dtype)
            whole[rows] = values
            return whole

        shares = None if self.propensities is None else spread(self.propensities, 1)
        return Lists(
            spread(self.ids, -1), spread(self.scores, -np.inf), spread(self.features, 0), shares
        )


def make_lists(
    catalogue: Catalogue,
    course_vectors: NDArray[np.float32],
    found: Candidates,
    scores: NDArray[np.float32],
    features: NDArray[np.float32],
    wished_topics: NDArray[np.float32] | None,
    settings: Settings,
    seeds: Sequence[str | None] | None,
) -> Lists:
    """Order n participants' candidates and keep the first k.

    Parameters
    ----------
    course_vectors : ndarray of float32, shape (N, D)
        Unit vectors of the trainings.
    scores : ndarray of float32, shape (n, C)
        Of the candidates; -inf in the padding.
    features : ndarray of float32, shape (n, C, F)
    wished_topics : ndarray of float32, shape (n, n_categories), optional
        See `recommender.participants.batch.wished_topics`; None: lists are not calibrated.
    seeds : sequence of str or None, n long, optional
        What the exploration of each list follows from; None: nothing is left to chance.
    """
    exploring = settings.exploration if seeds is not None else None
    rows = np.arange(len(scores))[:, None]
    head = _head(scores, settings)
    courses = np.maximum(found.ids[rows, head], 0)
    places = rerank(
        scores[rows, head],
        courses,
        course_vectors,
        settings.k + (exploring.pool if exploring else 0),
        relevance_weight=settings.relevance_weight,
        calibration_weight=settings.calibration_weight,
        topics=None
        if wished_topics is None
        else Topics(catalogue.category[courses], wished_topics),
        bounds=_bounds(
            catalogue, courses, settings, settings.k - (exploring.places if exploring else 0)
        ),
    )
    propensities = None
    if exploring and seeds is not None:
        places, propensities = explore(places, settings.k, exploring, seeds)
    chosen = np.where(places >= 0, head[rows, places], -1)
    ids = np.where(chosen >= 0, found.ids[rows, chosen], -1)
    return Lists(ids, scores[rows, chosen], features[rows, chosen], propensities)


def _head(scores: NDArray[np.float32], settings: Settings) -> NDArray[np.intp]:
    """Return the columns worth reranking, best first: the first few times k, all under a provider cap."""
    order = np.argsort(-scores, axis=1, kind="stable")
    return order if settings.provider_cap else order[:, : HEAD * settings.k]


def _bounds(
    catalogue: Catalogue, courses: NDArray[np.int32], settings: Settings, by: int
) -> Bounds | None:
    """Return what providers get of lists; ``by``: the place by which a floor is reached."""
    if not (settings.provider_cap or settings.small_provider_places):
        return None
    small = catalogue.of_small_provider[courses]
    small[:, HEAD * settings.k :] = False
    providers = catalogue.provider[courses]
    return Bounds(providers, small, settings.provider_cap, settings.small_provider_places, by)
