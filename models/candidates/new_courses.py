"""Courses nobody has taken yet: the latest to enter first, then those like what is taken now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.candidates.base import CandidateModel
from models.candidates.content import item_vectors
from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.recency import ages, decay
from models.candidates.side import SideInformation
from models.candidates.top_k import Scores


@dataclass
class NewCourses(CandidateModel):
    """The same for everybody; courses with an event, or not yet entered, have no score.

    Where no entry is known, likeness alone decides.

    Parameters
    ----------
    half_life : float, optional
        Share of all events after which one counts half towards what is taken now.
    sharpness : float
        Exponent of the cosine by which a course inherits the popularity of those like it.
    """

    half_life: float | None = 0.1
    sharpness: float = 10.0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Give each new course the mean popularity of those like it."""
        n = interactions.n_items
        taken = np.bincount(interactions.items, minlength=n) > 0
        scores = np.zeros(n)
        vectors = item_vectors(side, 0.5)
        if vectors is not None:
            weights = decay(ages(interactions), self.half_life)
            popularity = np.bincount(interactions.items, weights, minlength=n)[taken]
            alike = np.maximum(vectors[~taken] @ vectors[taken].T, 0) ** self.sharpness
            scores[~taken] = (alike @ popularity) / (alike.sum(axis=1) + 1e-9)
        scores = scores / (scores.max(initial=0) + 1e-9)
        waiting = np.zeros(n, dtype=bool)
        if side is not None and side.item_entered is not None and interactions.at is not None:
            # whole steps of entry outweigh likeness, which is below 1
            scores += np.unique(side.item_entered, return_inverse=True)[1]
            waiting = side.item_entered > interactions.at.max()
        scores[taken | waiting] = -np.inf
        self.scores_ = scores.astype(np.float32)
        return self

    def score(self, batch: Histories) -> Scores:
        """Return the same scores for every participant."""
        return np.repeat(self.scores_[None], len(batch), axis=0)
