"""Item-kNN: courses whose takers are the takers of what one took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from models.candidates.interactions import Interactions
from models.candidates.item_weights import ItemWeights
from models.candidates.recency import ages, decay
from models.candidates.side import SideInformation
from models.candidates.sparse import keep_largest


@dataclass
class ItemKNN(ItemWeights):
    """BM25-weighted co-occurrence, the ``neighbours`` strongest of each course.

    Parameters
    ----------
    neighbours : int
        Courses like it that are kept for each course.
    k1, b : float
        Saturation and length normalisation of BM25, a course being a document and its takers the words.
    half_life : float, optional
        Share of all events after which one counts half.
    keep : float
        Weight of the course before, relative to the one after it, in a participant's history.
    """

    neighbours: int = 100
    k1: float = 1.2
    b: float = 0.5
    half_life: float | None = None
    keep: float = 1.0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:  # noqa: ARG002
        """Count, weigh and cut: sparse throughout."""
        weights = decay(ages(interactions), self.half_life)
        taken = Interactions(
            interactions.users,
            interactions.items,
            weights,
            interactions.n_users,
            interactions.n_items,
        ).matrix()
        weighted = self._bm25(taken.tocsc())
        self.weights_ = keep_largest(sp.csr_matrix(taken.T @ weighted).T.tocsr(), self.neighbours)
        return self

    def _bm25(self, taken: sp.csc_matrix) -> sp.csc_matrix:
        """Weigh a participant x course matrix: idf of the participant, saturation by the course."""
        activity = np.diff(taken.tocsr().indptr)
        idf = np.log(taken.shape[1]) - np.log1p(activity)
        takers = np.diff(taken.indptr)
        length = 1 - self.b + self.b * takers / max(takers.mean(), 1e-12)
        column = np.repeat(np.arange(taken.shape[1]), takers)
        data = taken.data * (self.k1 + 1) / (self.k1 * length[column] + taken.data)
        data = data * idf[taken.indices]
        shape = taken.shape
        return sp.csc_matrix((data.astype(np.float32), taken.indices, taken.indptr), shape=shape)
