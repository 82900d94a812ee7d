"""Participants as the engine reads them: worked out once, and put together for a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.participants.batch import ParticipantBatch
from recommender.participants.profile_embedding import Wishes
from recommender.participants.representations import Tastes


@dataclass(frozen=True)
class People:
    """B participants of one day, who may be asked about more than once.

    Attributes
    ----------
    ids : tuple of str, B long
    tastes : Tastes
        By one engine.
    barred : ndarray of uint32, shape (B,)
        What keeps each from all trainings on that day, see `recommender.eligibility.mask.barred`.
    """

    ids: tuple[str, ...]
    batch: ParticipantBatch
    wishes: Wishes
    tastes: Tastes
    barred: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.ids)
