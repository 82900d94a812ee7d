"""Implicit ALS: factors of participants and courses under a weight on every cell (Hu et al., ICDM 2008)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.linear import LinearModel
from models.candidates.recency import by_position
from models.candidates.side import SideInformation
from models.candidates.sparse import fill_rows
from models.candidates.top_k import Scores

Floats = NDArray[np.float32]
CELLS = 2_000_000
"""Most numbers in one padded block of histories; bounds the memory of a half-step."""


@dataclass
class IALS(LinearModel):
    """Weighted matrix factorisation; newcomers too have factors, for they come from the history alone.

    Parameters
    ----------
    factors : int
        Length of the vectors of participants and courses.
    l2 : float
        Penalty on the vectors.
    alpha : float
        Weight of an event over that of an empty cell.
    iterations : int
        Passes over participants and courses.
    keep : float
        Weight of the course before, relative to the one after it, in serving.
    seed : int
        Everything random follows from it.
    """

    factors: int = 32
    l2: float = 5.0
    alpha: float = 10.0
    iterations: int = 8
    keep: float = 0.9
    seed: int = 0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:  # noqa: ARG002
        """Alternate between the two sides: O(iterations x (rows x factors^3 + events x factors^2))."""
        taken = interactions.matrix()
        taken.data[:] = 1
        by_item = taken.T.tocsr()
        rng = np.random.default_rng(self.seed)
        shape = (interactions.n_items, self.factors)
        self.items_ = rng.normal(0, 0.1, shape).astype(np.float32)
        for _ in range(self.iterations):
            users = self._solve(taken, self.items_)
            self.items_ = self._solve(by_item, users)
        self.known_ = np.diff(by_item.indptr) > 0
        return self

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:  # noqa: ARG002
        """Return the model for another course table."""
        model, kept = replace(self), old >= 0
        model.items_ = np.where(kept[:, None], self.items_[old], np.float32(0))
        model.known_ = self.known_[old] & kept
        return model

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return the factors that each history has under the courses'."""
        users = self._solve(batch.matrix(by_position(batch, self.keep)), self.items_)
        return fill_rows(users, np.flatnonzero(batch.lengths))

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the inner products; courses without an event in the past have no score."""
        scores: Scores = encoded[rows].toarray() @ self.items_.T
        scores[:, ~self.known_] = -np.inf
        return scores

    def _solve(self, rows: sp.csr_matrix, other: Floats) -> Floats:
        """Solve the least squares of every row given the factors of the other side."""
        lengths = np.diff(rows.indptr)
        solved = np.zeros((rows.shape[0], self.factors), dtype=np.float32)
        gram = other.T @ other + self.l2 * np.eye(self.factors, dtype=np.float32)
        padded = np.vstack([other, np.zeros((1, self.factors), dtype=np.float32)])
        order = np.argsort(lengths, kind="stable")[np.searchsorted(np.sort(lengths), 1) :]
        while len(order):
            # the longest of the block sets its padding, and rows come in order of length
            longest = np.maximum.accumulate(lengths[order]) + self.factors
            fits = np.arange(1, len(order) + 1) * longest * self.factors <= CELLS
            block, order = np.split(order, [max(int(fits.sum()), 1)])
            columns, weights = _pad(rows, block, len(other))
            factors = padded[columns]
            weighted = factors * (self.alpha * weights)[..., None]
            left = gram + weighted.transpose(0, 2, 1) @ factors
            right = ((factors + weighted) * (weights > 0)[..., None]).sum(axis=1)
            solved[block] = np.linalg.solve(left, right[..., None])[..., 0]
        return solved


def _pad(
    rows: sp.csr_matrix, block: NDArray[np.intp], filler: int
) -> tuple[NDArray[np.int64], Floats]:
    """Return columns and values of the rows at ``block``, each (R, longest); ``filler`` and 0 fill up."""
    lengths = np.diff(rows.indptr)[block]
    place = np.arange(lengths.max())
    there = place < lengths[:, None]
    at = np.where(there, rows.indptr[block][:, None] + place, 0)
    columns = np.where(there, rows.indices[at], filler)
    return columns, np.where(there, rows.data[at], 0).astype(np.float32)
