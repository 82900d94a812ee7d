"""Models whose scores are a sum over what they make of each participant, which may be kept."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.histories import Histories
from models.candidates.top_k import Scores


class LinearModel(CandidateModel):
    """A model that encodes each participant as a sparse row, from which alone the scores follow.

    The row depends on nobody else of the batch, so it is worked out once for somebody who comes again.
    """

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return a sparse row for each participant, (B, K) of float32."""
        raise NotImplementedError

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the score of every course, shape (n, N), for some rows of what `encode_users` returned."""
        raise NotImplementedError

    def score(self, batch: Histories) -> Scores:
        """Return the score of every course, shape (B, N); -inf where there is nothing to say."""
        return self.score_users(self.encode_users(batch), np.arange(len(batch)))
