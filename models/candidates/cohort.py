"""What those took who joined at about the same time: the waves of a programme, the terms of a school."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.candidates.sparse import selection
from models.candidates.top_k import Scores


@dataclass
class Cohort(CandidateModel):
    """Counts among the ``neighbours`` participants who joined nearest before and after.

    Parameters
    ----------
    neighbours : int
    shrinkage : float
        Participants of the average whom each cohort is mixed with.
    """

    neighbours: int = 200
    shrinkage: float = 10.0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Put everybody who took a course in the order of joining."""
        taken = interactions.matrix()
        taken.data[:] = 1
        known = np.diff(taken.indptr) > 0
        self.share_ = np.asarray(taken[known].mean(axis=0), dtype=np.float32).ravel()
        joined = np.full(taken.shape[0], np.nan)
        if side is not None and side.user_joined is not None:
            joined = side.user_joined
        known &= np.isfinite(joined)
        order = np.flatnonzero(known)[np.argsort(joined[known], kind="stable")]
        self.joined_ = joined[order]
        self.taken_ = taken[order]
        return self

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:
        """Return the model for another course table; a new course is taken as often as those like it."""
        places = selection(old, len(self.share_))
        model = replace(self)
        model.joined_ = self.joined_
        model.taken_ = (self.taken_ @ places).tocsr()
        model.share_ = self.share_ @ places
        model.share_[old < 0] = alike @ self.share_
        return model

    def score(self, batch: Histories) -> Scores:
        """Return the share of the cohort that took each course; everybody's where that is unknown."""
        scores = np.repeat(self.share_[None], len(batch), axis=0)
        if batch.joined is None or not len(self.joined_):
            return scores
        has = np.flatnonzero(np.isfinite(batch.joined))
        size = min(self.neighbours, len(self.joined_))
        place = np.searchsorted(self.joined_, batch.joined[has])
        first = np.clip(place - size // 2, 0, len(self.joined_) - size)
        near = (first[:, None] + np.arange(size)).ravel()
        cells = (np.ones(len(near), dtype=np.float32), near, np.arange(len(has) + 1) * size)
        cohort = sp.csr_matrix(cells, shape=(len(has), len(self.joined_)))
        counts = np.asarray((cohort @ self.taken_).todense())
        scores[has] = (counts + self.shrinkage * scores[has]) / (size + self.shrinkage)
        return scores
