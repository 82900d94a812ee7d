"""What the ranking is to achieve: the worth of each kind of event, and how much outcomes count beside it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from training_data.arrays import Columns, fill_nulls, look_up
from training_data.columns import EVENT_KINDS, Interactions, bind_columns
from training_data.toml_files import load_model

E = bind_columns(Interactions)


class ObjectiveError(ValueError):
    """An objective file that cannot be used; the message names the file and the key."""


class Objective(BaseModel):
    """The worth of events, and the share of the expected outcome in the ranking.

    The worth of an event is its gain in the NDCG that the ranker learns to raise, and its weight in
    popularity. An event that is worth 0 counts as if it had not been. Of several events of one person
    with one training the largest counts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    click: float = Field(0.2, ge=0, description="worth of a click")
    purchase: float = Field(1.0, ge=0, description="worth of a training bought or begun")
    complete: float = Field(1.5, ge=0, description="worth of a training finished")
    good_rating: float = Field(2.0, ge=0, description="worth of one finished and rated well")
    good_stars: float = Field(4.0, ge=0, le=5, description="least stars of a good rating")
    outcome_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="0 ranks by what people take, 1 by whom it is expected to bring through and to work",
    )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file of the keys above; a key that is left out keeps its default.

        Raises
        ------
        ObjectiveError
            If it is not there, is no TOML, or a key is unknown or out of range.
        """
        return load_model(cls, path, ObjectiveError, f"the keys are {', '.join(cls.model_fields)}")

    def worth(self, events: pl.DataFrame | Columns) -> NDArray[np.float32]:
        """Return the worth of rows of the Interactions contract, float32 (E,)."""
        kinds = look_up(events[E.kind.name], EVENT_KINDS.index)
        stars = fill_nulls(events[E.value.name], np.nan, np.float64)
        well = (kinds == EVENT_KINDS.index("rate")) & (stars >= self.good_stars)
        return np.where(well, np.float32(self.good_rating), self._of_kind[kinds])

    @cached_property
    def _of_kind(self) -> NDArray[np.float32]:
        worth: dict[str, Any] = {
            "click": self.click,
            "purchase": self.purchase,
            "start": self.purchase,
            "complete": self.complete,
            "rate": self.complete,
        }
        return np.array([worth.get(kind, 0.0) for kind in EVENT_KINDS], dtype=np.float32)


DEFAULT = Objective()
