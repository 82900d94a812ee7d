"""From features to scores: a ranker, learnt or fixed, that can also say what moved a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.additive_ranker import AdditiveRanker
from recommender.features import FEATURES

# Weights where there are no events to learn from: what a counsellor would look at, in this order.
FIXED_WEIGHTS = {
    "content": 4.0,
    "gap_closed": 1.5,
    "skills_needed": 1.0,
    "interest_match": 0.8,
    "topic_closeness": 1.0,
    "behaviour": 0.6,
    "next_course": 0.3,
    "similar_participants": 0.4,
    "regional_popularity": 0.5,
    "nearness": 0.3,
    "level_fit": 0.3,
    "quality": 0.3,
    "placement": 0.3,
    "vacancy_demand": 0.3,
    "skills_held": -0.6,
    "price_to_balance": -0.2,
    "face_to_face": 0.0,
}


FIXED_SHARE = 0.4


class Ranker(Protocol):
    """Scores rows of features; larger is better."""

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each row, shape (M,), of features (M, F)."""
        ...

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each score, shape (M, F)."""
        ...


class FixedRanker:
    """A weighted sum of the features with the weights above."""

    weights = np.array([FIXED_WEIGHTS[name] for name in FEATURES], dtype=np.float32)

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the weighted sum of each row."""
        return features @ self.weights

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return each term of the sum."""
        return features * self.weights


@dataclass(frozen=True)
class BlendedRanker:
    """Learnt trees and the fixed weights together, each divided by the spread of its scores.

    The trees know what people did; the fixed weights hold the list to what the person said, also where
    the log is thin (a newcomer who writes a wish in words that nobody used before).

    Parameters
    ----------
    learnt : AdditiveRanker
    learnt_spread, fixed_spread : float
        Standard deviation of the scores of each over the candidates it was learnt from.
    fixed_share : float
        0 for the trees alone, 1 for the fixed weights alone.
    """

    learnt: AdditiveRanker
    learnt_spread: float
    fixed_spread: float
    fixed_share: float = FIXED_SHARE

    @classmethod
    def of(cls, learnt: AdditiveRanker, features: NDArray[np.float32]) -> BlendedRanker:
        """Blend with the spreads of the scores of ``features``, shape (M, F)."""
        spreads = (ranker.score(features).std() for ranker in (learnt, FixedRanker()))
        return cls(learnt, *(float(spread) or 1.0 for spread in spreads))

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the blended score of each row."""
        return self._blend(self.learnt.score(features), FixedRanker().score(features))

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each score, in both together."""
        return self._blend(
            self.learnt.contributions(features), FixedRanker().contributions(features)
        )

    def _blend(
        self, learnt: NDArray[np.float32], fixed: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        share = np.float32(self.fixed_share)
        return (1 - share) * learnt / np.float32(self.learnt_spread) + share * fixed / np.float32(
            self.fixed_spread
        )


def rank(
    ranker: Ranker, features: NDArray[np.float32], ids: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Return the score of each candidate, shape (B, C); -inf where there is none.

    Only true candidates are scored, so padding costs nothing.
    """
    scores = np.full(ids.shape, -np.inf, dtype=np.float32)
    real = ids >= 0
    scores[real] = ranker.score(features[real])
    return scores
