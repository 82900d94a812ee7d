"""Next-course transitions: what people took soon after what one took last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from models.candidates.histories import histories
from models.candidates.interactions import Interactions
from models.candidates.item_weights import ItemWeights
from models.candidates.recency import ages, decay
from models.candidates.side import SideInformation
from models.candidates.sparse import keep_largest


@dataclass
class Transitions(ItemWeights):
    """Counts of course pairs in order, fading with the steps between them.

    Parameters
    ----------
    reach : int
        Most steps between the two courses of a pair.
    fade : float
        Weight of a pair ``d`` steps apart is ``fade ** (d - 1)``.
    half_life : float, optional
        Share of all events after which one counts half.
    popular : float
        Exponent of the next course's own count that divides its weight: 0 follows the crowd, 1 does not.
    smoothing : float
        Events added to each course's count before dividing by it, so rare courses speak softly.
    neighbours : int
        Next courses kept for each course.
    keep : float
        Weight of the course before, relative to the one after it, in a participant's history.
    """

    reach: int = 10
    fade: float = 0.7
    half_life: float | None = None
    popular: float = 0.0
    smoothing: float = 5.0
    neighbours: int = 200
    keep: float = 0.7

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:  # noqa: ARG002
        """Count the pairs: O(events x reach)."""
        weighted = Interactions(
            interactions.users,
            interactions.items,
            decay(ages(interactions), self.half_life),
            interactions.n_users,
            interactions.n_items,
            interactions.at,
        )
        past = histories(weighted)
        shape = (interactions.n_items, interactions.n_items)
        pairs = sp.csr_matrix(shape, dtype=np.float32)
        for step in range(1, self.reach + 1):
            first = np.flatnonzero(past.from_end >= step)
            second = first + step
            value = past.weights[second] * np.float32(self.fade ** (step - 1))
            pairs = pairs + sp.csr_matrix((value, (past.items[first], past.items[second])), shape)
        left = np.asarray(pairs.sum(axis=1)).ravel() + self.smoothing
        right = (np.asarray(pairs.sum(axis=0)).ravel() + self.smoothing) ** self.popular
        pairs = sp.diags(1 / left) @ pairs @ sp.diags(1 / right)
        self.weights_ = keep_largest(pairs.tocsr(), self.neighbours)
        return self
