"""From features to scores: a ranker, learnt or fixed, that can also say what moved a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.ranking.trees import TreeRanker
from recommender.ranking.features import FEATURES
from recommender.retrieval.sources import Source

# Weights where there are no events to learn from: what a counsellor would look at, in this order.
FIXED_WEIGHTS: dict[str, float] = {
    Source.CONTENT: 10.0,
    "gap_closed": 0.2,
    "skills_needed": 0.2,
    "interest_match": 0.3,
    "topic_closeness": 0.3,
    Source.BEHAVIOUR: 0.3,
    Source.NEXT_COURSE: 0.2,
    Source.SIMILAR_PARTICIPANTS: 0.1,
    Source.REGIONAL_POPULARITY: 0.2,
    Source.GROUP_POPULARITY: 0.0,
    "nearness": 0.1,
    "level_fit": 0.1,
    "builds_on": 0.5,
    "freshness": 0.1,
    "quality": 0.3,
    "completion": 0.0,
    "placement": 0.3,
    Source.VACANCY_DEMAND: 0.1,
    "skills_held": -0.1,
    "price_to_balance": -0.1,
    "webinar": 0.0,
    "face_to_face": 0.0,
}


FIXED_SHARE = 0.95  # chosen on judged lists, where what simulated people take makes lists worse
Rows = NDArray[np.bool_] | slice


class Ranker(Protocol):
    """Scores rows of features; larger is better."""

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each row, shape (M,), of features (M, F)."""
        ...

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each of the first features, ``FEATURES``, moved each score, shape (M, len(FEATURES))."""
        ...


def reads_log(ranker: Ranker) -> bool:
    """Return whether a ranker reads more than ``FEATURES``, see `recommender.ranking.log_features`."""
    if isinstance(ranker, BlendedRanker):
        return reads_log(ranker.first) or reads_log(ranker.second)
    return isinstance(ranker, TreeRanker | ByHistory)


class FixedRanker:
    """A weighted sum of the features with the weights above."""

    weights = np.array([FIXED_WEIGHTS[name] for name in FEATURES], dtype=np.float32)

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the weighted sum of each row."""
        return features[:, : len(FEATURES)] @ self.weights

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each term of the sum."""
        return features[:, : len(FEATURES)] * self.weights


@dataclass(frozen=True)
class BlendedRanker:
    """Two rankers together, each divided by the spread of its scores.

    Twice so: learnt curves know what people did, and fixed weights hold the list to what the person said,
    also where the log is thin (a newcomer who writes a wish in words that nobody used before). And what
    people take is blended with what is expected to come of it (`recommender.ranking.expected_outcome`).

    Parameters
    ----------
    first, second : Ranker
    first_spread, second_spread : float
        Standard deviation of the scores of each over some candidates.
    share : float
        0 for the first alone, 1 for the second alone.
    """

    first: Ranker
    second: Ranker
    first_spread: float
    second_spread: float
    share: float

    @classmethod
    def of(
        cls, first: Ranker, second: Ranker, features: NDArray[np.float32], share: float
    ) -> BlendedRanker:
        """Blend with the spreads of the scores of ``features``, shape (M, F)."""
        spreads = [float(ranker.score(features).std()) or 1.0 for ranker in (first, second)]
        return cls(first, second, spreads[0], spreads[1], share)

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the blended score of each row."""
        return self.blend(lambda ranker: ranker.score(features))

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each score, in both together."""
        return self.blend(lambda ranker: ranker.contributions(features)[:, : len(FEATURES)])

    def blend(self, of: Callable[[Ranker], NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the weighted sum of what is said of each ranker."""
        weights = (1 - self.share) / self.first_spread, self.share / self.second_spread
        parts = zip((self.first, self.second), weights, strict=True)
        told = [of(ranker) * np.float32(weight) for ranker, weight in parts if weight]
        return told[0] if len(told) == 1 else told[0] + told[1]


@dataclass(frozen=True)
class ByHistory:
    """One ranker for those with a history, another for newcomers: of these, only their words are known.

    Parameters
    ----------
    known, newcomers : Ranker
    column : int
        Of the feature that is 0 for newcomers.
    """

    known: Ranker
    newcomers: Ranker
    column: int

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each row's score by the ranker for its person."""
        return self.choose(features, lambda ranker, some: ranker.score(features[some]))

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each score, by the ranker for its person."""
        return self.choose(
            features,
            lambda ranker, some: ranker.contributions(features[some])[:, : len(FEATURES)],
        )

    def choose(
        self,
        features: NDArray[np.float32],
        of: Callable[[Ranker, Rows], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        """Return what is said of some rows by the ranker for their person, row by row of ``features``, (M, F)."""
        new = features[:, self.column] == 0
        if new.all():
            return of(self.newcomers, slice(None))
        if not new.any():
            return of(self.known, slice(None))
        known = of(self.known, ~new)
        found = np.empty((len(features), *known.shape[1:]), dtype=np.float32)
        found[new], found[~new] = of(self.newcomers, new), known
        return found


@dataclass(frozen=True)
class ScoredCandidates:
    """Candidates of n participants with what the ranker makes of them.

    Attributes
    ----------
    ids : ndarray of int32, shape (n, C)
        Rows of the catalogue; -1 from where a list has no more.
    features : ndarray of float32, shape (n, C, F)
    scores : ndarray of float32, shape (n, C)
        -inf in the padding.
    """

    ids: NDArray[np.int32]
    features: NDArray[np.float32]
    scores: NDArray[np.float32]


def score_lists(
    ranker: Ranker, features: NDArray[np.float32], real: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the score of each candidate of n participants, (n, C), of features (n, C, F).

    Parameters
    ----------
    real : ndarray of bool, shape (n, C)
        False in the padding.
    """
    match ranker:
        case TreeRanker():
            return ranker.score_lists(features, real)
        case BlendedRanker():
            return ranker.blend(lambda part: score_lists(part, features, real))
        case ByHistory():
            return ranker.choose(
                features[:, 0], lambda part, some: score_lists(part, features[some], real[some])
            )
        case _:
            return ranker.score(features.reshape(-1, features.shape[-1])).reshape(real.shape)


def score_candidates(
    ranker: Ranker, features: NDArray[np.float32], ids: NDArray[np.int32]
) -> ScoredCandidates:
    """Score candidates, (n, C).

    Padding is scored with the rest, which is quicker than to pick the true candidates out.
    """
    scores = score_lists(ranker, features, ids >= 0)
    return ScoredCandidates(ids, features, np.where(ids >= 0, scores, np.float32(-np.inf)))
