"""Models that are one sparse table of weights from each course of a history to each course."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.linear import LinearModel
from models.candidates.recency import by_position
from models.candidates.sparse import selection, sums_of_rows
from models.candidates.top_k import Scores


class ItemWeights(LinearModel):
    """What such models share; `keep` is a parameter of each, for its own default.

    Attributes
    ----------
    keep : float
        Weight of the course before, relative to the one after it, in a participant's history.
    weights_ : csr_matrix of float32, shape (N, N)
    """

    keep: float
    weights_: sp.csr_matrix

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:  # noqa: ARG002
        """Return the model for another course table."""
        places = selection(old, self.weights_.shape[0])
        model = replace(self)
        model.weights_ = (places.T @ self.weights_ @ places).tocsr()
        return model

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return how much each course of the history still counts."""
        return batch.matrix(by_position(batch, self.keep))

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the summed weights; 0 for a course to which nothing taken leads."""
        return sums_of_rows(encoded.indptr, encoded.indices, encoded.data, self.weights_, rows)
