"""How slates are made, and what of the catalogue they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from recommender.catalogue.catalogue import Catalogue
from training_data.columns import MODES
from training_data.profiles import WHOLE

Crowding = Literal["price", "chance"]


class CourseFilters(BaseModel):
    """What the participant narrows the list to; what is left out does not narrow it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modes: Annotated[tuple[Literal[MODES], ...], Field(max_length=4)] = ()  # type: ignore[valid-type]
    categories: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    max_price_idr: Annotated[StrictInt, Field(ge=0, le=10**12), WHOLE] | None = None

    def mask(self, catalogue: Catalogue) -> NDArray[np.bool_]:
        """Return the trainings (N,) that are asked for."""
        mask = np.ones(len(catalogue), dtype=bool)
        if self.modes:
            mask &= np.isin(catalogue.mode, [MODES.index(mode) for mode in self.modes])
        if self.categories:
            asked = [i for i, name in enumerate(catalogue.categories) if name in self.categories]
            mask &= np.isin(catalogue.category, asked)
        if self.max_price_idr is not None:
            mask &= catalogue.price <= self.max_price_idr
        return mask


@dataclass(frozen=True)
class Exploration:
    """How much of a slate is left to chance, see `recommender.reranking.exploration`.

    Attributes
    ----------
    share : float
        Of the lists; between 0 and 1.
    places : int
        At the end of a list.
    pool : int
        Trainings after the list's end that may come into it.
    """

    share: float = 0.1
    places: int = 2
    pool: int = 8


MAX_K: Final = 100  # trainings of a list that anybody may ask for


@dataclass(frozen=True)
class SlateSettings:
    """How slates are made.

    Attributes
    ----------
    k : int
        Length of a slate.
    per_source : int
        Candidates taken from each source; as many as the slate is long where that is more.
    relevance_weight : float
        1 for relevance alone; smaller for diversity, see `recommender.reranking.greedy.rerank`.
    calibration_weight : float
        How much the topics of a slate follow those of the person's interests and past; 0: not.
    provider_cap : int, optional
        Most trainings of one provider in a slate.
    small_provider_places : int
        Least trainings of small providers (`Catalogue.of_small_provider`) in a slate, as far as there are
        some among the best few times k; chance may not take these places.
    exploration : Exploration, optional
        What is left to chance; None: nothing.
    crowding_weight : float
        How much lower a slate has what is crowded, where the engine knows of seats; 0: not.
    crowding : str
        By the price of a seat, or by the chance of one times what it is worth to the person.
    """

    k: int = 10
    per_source: int = 50
    relevance_weight: float = 0.95
    calibration_weight: float = 0.0
    provider_cap: int | None = None
    small_provider_places: int = 0
    exploration: Exploration | None = None
    crowding_weight: float = 0.0
    crowding: Crowding = "price"
