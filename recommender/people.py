"""Participants as the engine reads them: worked out once, and put together for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

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

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Return several people's batches, worked out by one engine for one day, as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            tuple(chain.from_iterable(part.ids for part in parts)),
            ParticipantBatch.stack([part.batch for part in parts]),
            Wishes.stack([part.wishes for part in parts]),
        )
