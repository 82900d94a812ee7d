"""How lists are made, and what of the catalogue they are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.reranking.exploration import Exploration
from training_data.columns import MODES


@dataclass(frozen=True)
class Filters:
    """What the participant asks for; empty means all."""

    modes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    max_price: int | None = None

    def mask(self, catalogue: Catalogue) -> NDArray[np.bool_]:
        """Return the trainings (N,) that are asked for."""
        mask = np.ones(len(catalogue), dtype=bool)
        if self.modes:
            mask &= np.isin(catalogue.mode, [MODES.index(mode) for mode in self.modes])
        if self.categories:
            asked = [i for i, name in enumerate(catalogue.categories) if name in self.categories]
            mask &= np.isin(catalogue.category, asked)
        if self.max_price is not None:
            mask &= catalogue.price <= self.max_price
        return mask


@dataclass(frozen=True)
class Settings:
    """How lists are made.

    Attributes
    ----------
    k : int
        Length of a list.
    per_source : int
        Candidates taken from each source.
    relevance_weight : float
        1 for relevance alone; smaller for diversity, see `recommender.reranking.greedy.rerank`.
    calibration_weight : float
        How much the topics of a list follow those of the person's interests and past; 0: not.
    provider_cap : int, optional
        Most trainings of one provider in a list.
    small_provider_places : int
        Least trainings of small providers (`Catalogue.of_small_provider`) in a list, as far as there are
        some among the best few times k; chance may not take these places.
    exploration : Exploration, optional
        What is left to chance; None: nothing.
    """

    k: int = 10
    per_source: int = 50
    relevance_weight: float = 0.95
    calibration_weight: float = 0.0
    provider_cap: int | None = None
    small_provider_places: int = 0
    exploration: Exploration | None = None
