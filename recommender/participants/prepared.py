"""Participants as the engine's stages read them: prepared once, kept, and joined into a batch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.participants.batch import ParticipantBatch
from recommender.participants.profile_embedding import ProfileEmbedding, Written
from training_data.columnar import Columnar


@dataclass(frozen=True)
class PreparedParticipants(Columnar):
    """B participants of one day, who may be asked about more than once; by one engine.

    Attributes
    ----------
    day : date
        Whose rules, dates and seats count.
    ids : tuple of str, B long
    written : tuple of tuples of Written, B long
        What each wrote or chose, as it was given.
    profile : ProfileEmbedding
        What it was taken to mean.
    representations : dict of str to csr_matrix of float32, B rows each
        What each source makes of them, see `recommender.retrieval.sources`; empty where nobody asked.
    """

    day: dt.date
    ids: tuple[str, ...]
    batch: ParticipantBatch
    written: tuple[tuple[Written, ...], ...]
    profile: ProfileEmbedding
    representations: dict[str, sp.csr_matrix]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Unit vector of each profile, (B, D); zeros for one without phrases."""
        return self.profile.sum_vectors()
