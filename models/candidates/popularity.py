"""What is taken most, lately; within groups of participants shrunk towards the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.linear import LinearModel
from models.candidates.recency import ages, decay
from models.candidates.side import SideInformation
from models.candidates.sparse import means_of_rows, selection
from models.candidates.top_k import Scores

SECONDS_A_DAY: Final = 86_400


@dataclass
class Popularity(LinearModel):
    """Decayed counts of events, the same for everybody or, with attributes, by region and group.

    Parameters
    ----------
    half_life : float, optional
        Share of all events after which one counts half; None counts all alike.
    days : float, optional
        Only events of so many days before the newest count; None counts all.
    shrinkage : float, optional
        Events of everybody's that are mixed into each attribute's own counts (a Dirichlet prior centred on the
        whole). None ignores attributes.
    """

    half_life: float | None = None
    days: float | None = None
    shrinkage: float | None = None

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Count the events."""
        weights = decay(ages(interactions), self.half_life) * interactions.weights
        if self.days is not None and interactions.at is not None and len(interactions):
            weights *= interactions.at > interactions.at.max() - self.days * SECONDS_A_DAY
        counts = np.bincount(interactions.items, weights, minlength=interactions.n_items)
        self.share_ = (counts / max(counts.sum(), 1e-12)).astype(np.float32)
        self.group_share_ = np.empty((0, interactions.n_items), dtype=np.float32)
        if self.shrinkage is not None and side is not None and side.user_attributes is not None:
            cells = (weights, (interactions.users, interactions.items))
            taken = sp.csr_matrix(cells, shape=(interactions.n_users, interactions.n_items))
            by_group = np.asarray((side.user_attributes.T @ taken).todense())
            total = by_group.sum(axis=1, keepdims=True)
            shrunk = (by_group + self.shrinkage * self.share_) / (total + self.shrinkage)
            self.group_share_ = shrunk.astype(np.float32, order="C")
        return self

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:
        """Return the model for another course table; a new course is taken as often as those like it.

        Nothing is known against a course that could not be taken yet.
        """
        places = selection(old, len(self.share_))
        model = replace(self)
        model.share_ = self.share_ @ places
        model.group_share_ = np.ascontiguousarray(self.group_share_ @ places)
        model.share_[old < 0] = alike @ self.share_
        model.group_share_[:, old < 0] = self.group_share_ @ alike.T
        return model

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return the participants' attributes; none where they say nothing."""
        if len(self.group_share_) and batch.attributes is not None:
            return batch.attributes
        return sp.csr_matrix((len(batch), len(self.group_share_)), dtype=np.float32)

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the expected share of the next event, the mean over the participant's attributes."""
        return means_of_rows(encoded, self.group_share_, self.share_, rows)
