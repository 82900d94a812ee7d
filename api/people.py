"""Participants by id, from a dataset directory."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import polars as pl

from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset

P, E = Participants, Interactions


class People:
    """Profiles and events of the participants of a dataset, held in memory and found by id.

    Parameters
    ----------
    dataset : Dataset or None
        None: nobody is known.
    """

    def __init__(self, dataset: Dataset | None) -> None:
        self.participants = dataset.read("participants") if dataset else P.create_empty()
        events = dataset.read("interactions") if dataset else E.create_empty()
        self.events = events.filter(E.kind.col != "impression").sort(E.participant_id.name)

    def find(self, participant_id: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        """Return the participant's row and events, or None where nobody has that id."""
        row = self._rows.get(participant_id)
        if row is None:
            return None
        owner = self.events[E.participant_id.name]
        start, end = (owner.search_sorted(participant_id, side) for side in ("left", "right"))
        return self.participants[row : row + 1], self.events[start:end]

    @cached_property
    def _rows(self) -> dict[str, int]:
        ids = self.participants[P.participant_id.name]
        return dict(zip(ids, np.arange(len(ids)).tolist(), strict=True))
