"""Trees and a linear ranker together: the trees know more, the linear one strays less."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.ranking.linear import LinearRanker, standardise
from models.ranking.trees import Ranker

Floats = NDArray[np.float32]


@dataclass
class RankerEnsemble:
    """The weighted sum of both scores, each standardised among a participant's candidates.

    Parameters
    ----------
    trees : Ranker
    linear : LinearRanker
    linear_share : float
        Weight of the linear ranker, from 0 to 1.
    """

    trees: Ranker = field(default_factory=Ranker)
    linear: LinearRanker = field(default_factory=LinearRanker)
    linear_share: float = 0.5

    def fit(
        self, features: Floats, labels: Floats, groups: NDArray[np.int64], names: list[str]
    ) -> Self:
        """Fit those that have a weight; shapes as in ``Ranker.fit``."""
        if self.linear_share < 1:
            self.trees.fit(features, labels, groups, names)
        if self.linear_share > 0:
            self.linear.fit(features, labels, groups)
        return self

    def score(self, features: Floats, groups: NDArray[np.int64]) -> Floats:
        """Return the score of each pair, shape (R,); ``groups`` as in :func:`standardise`."""
        by_trees = by_linear = np.zeros(len(features), dtype=np.float32)
        if self.linear_share < 1:
            by_trees = standardise(self.trees.score(features), groups)
        if self.linear_share > 0:
            by_linear = standardise(self.linear.score(features, groups), groups)
        return blend(by_trees, by_linear, self.linear_share)


def blend(by_trees: Floats, by_linear: Floats, linear_share: float) -> Floats:
    """Return the weighted sum of both rankers' standardised scores, shape (R,)."""
    return np.float32(1 - linear_share) * by_trees + np.float32(linear_share) * by_linear
