"""EASE: a linear item-item model in closed form (Steck, WWW 2019), here with dropout and recency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.linear import LinearModel
from models.candidates.recency import ages, by_position, decay
from models.candidates.side import SideInformation
from models.candidates.sparse import sums_of_rows
from models.candidates.top_k import Scores
from models.kernels.sums import put_columns


@dataclass
class EASE(LinearModel):
    """Item-item weights with a zero diagonal that best rebuild every history under an L2 penalty.

    Parameters
    ----------
    l2 : float
        Penalty, in events.
    dropout : float
        Share of each history left out as it is rebuilt, in expectation (EDLAE; Steck, NeurIPS
        2020): a course's penalty then grows with its takers.
    half_life : float, optional
        Share of all events after which one counts half in learning.
    keep : float
        Weight of the course before, relative to the one after it, in a participant's history.
    """

    l2: float = 200.0
    dropout: float = 0.0
    half_life: float | None = None
    keep: float = 1.0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:  # noqa: ARG002
        """Solve for the weights: O(N^3) in the courses that have events, one N x N matrix."""
        known = np.flatnonzero(np.bincount(interactions.items, minlength=interactions.n_items))
        column = np.zeros(interactions.n_items, dtype=np.int32)
        column[known] = np.arange(len(known))
        weights = np.sqrt(decay(ages(interactions), self.half_life))
        taken = Interactions(
            interactions.users,
            column[interactions.items],
            weights,
            interactions.n_users,
            len(known),
        ).matrix()
        gram = (taken.T @ taken).toarray(order="C")
        diagonal = np.diag_indices(len(known))
        gram[diagonal] += self.l2 + self.dropout / (1 - self.dropout) * gram[diagonal]
        weights = scipy.linalg.inv(gram, assume_a="pos", overwrite_a=True, check_finite=False)
        weights /= -np.diag(weights)
        np.fill_diagonal(weights, 0)
        self.items_ = known.astype(np.int32)
        self.weights_ = weights
        self.n_items_ = interactions.n_items
        vars(self).pop("_columns", None)
        return self

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:  # noqa: ARG002
        """Return the model for another course table."""
        place = np.full(int(self.n_items_), -1, dtype=np.int32)
        place[old[old >= 0]] = np.flatnonzero(old >= 0)
        kept = np.flatnonzero(place[self.items_] >= 0)
        model = replace(self)
        model.items_ = place[self.items_[kept]]
        model.weights_ = self.weights_[np.ix_(kept, kept)]
        model.n_items_ = len(old)
        return model

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return how much each course of the history still counts."""
        return batch.matrix(by_position(batch, self.keep))

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the rebuilt history; courses without an event in the past have no score."""
        column = self._columns
        taken = column[encoded.indices]
        rebuilt: Scores = sums_of_rows(encoded.indptr, taken, encoded.data, self.weights_, rows)
        if len(self.items_) == len(column):
            return rebuilt
        scores = np.full((len(rows), len(column)), -np.inf, dtype=np.float32)
        put_columns(rebuilt, self.items_, scores)
        return scores

    @cached_property
    def _columns(self) -> NDArray[np.int32]:
        """Place of each course among those with events, -1 for one without, (N,)."""
        column = np.full(int(self.n_items_), -1, dtype=np.int32)
        column[self.items_] = np.arange(len(self.items_))
        return column
