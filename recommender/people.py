"""Participants as the engine reads them: worked out once, and put together for a batch."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.participants import ParticipantBatch
from recommender.wishes import Wishes


@dataclass(frozen=True)
class People:
    """B participants of one day, who may be asked about more than once.

    Attributes
    ----------
    ids : tuple of str, B long
    """

    ids: tuple[str, ...]
    batch: ParticipantBatch
    wishes: Wishes

    def __len__(self) -> int:
        return len(self.ids)
