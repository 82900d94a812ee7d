"""What is asked: a batch of participants before what is offered on one day."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.eligibility.course_rules import Offer
from recommender.eligibility.reasons import Reason
from recommender.eligibility.travel import Travel, radius_km, travel
from recommender.participants.batch import ParticipantBatch
from training_data.arrays import indicator
from training_data.columns import GENDERS
from training_data.programmes.rules import RulesInForce


@dataclass(frozen=True)
class Question:
    """A batch of participants before what is offered on one day.

    Attributes
    ----------
    kept : dict
        What the checks of `recommender.eligibility.mask` found, which is asked for twice; of pairs only where the
        batch is small.
    """

    batch: ParticipantBatch
    offer: Offer
    kept: dict[Reason, NDArray[np.bool_] | None] = field(default_factory=dict, repr=False)

    @property
    def catalogue(self) -> Catalogue:
        """The trainings."""
        return self.offer.catalogue

    @property
    def rules(self) -> RulesInForce:
        """The rules of the day."""
        return self.offer.rules

    @property
    def today(self) -> int:
        """Days since 1970-01-01."""
        return self.offer.today

    @cached_property
    def cells(self) -> int:
        """How many pairs there are of a participant and a training."""
        return len(self.batch) * len(self.catalogue)

    @cached_property
    def ages(self) -> NDArray[np.int32]:
        """Age that each participant (B,) reaches in the calendar year; -1 where the birth year is not known."""
        born = self.batch.birth_year
        return np.where(born > 0, self.rules.day.year - born, -1).astype(np.int32)

    @cached_property
    def travel(self) -> Travel:
        """The way to the nearest open place of each training in `Offer.to_travel_to`."""
        return travel(self.batch, self.offer.roads)

    @cached_property
    def radius_km(self) -> NDArray[np.float32]:
        """How far each participant (B,) travels."""
        return radius_km(self.batch, self.rules.reach)

    @cached_property
    def priority(self) -> NDArray[np.bool_]:
        """Whether each participant (B,) is in a group that the rules serve first where seats are scarce."""
        rule = self.rules.priority_groups
        if rule is None:
            return np.zeros(len(self.batch), dtype=bool)
        groups = {name.casefold(): 0 for name in rule.groups}
        named = indicator(self.batch.groups, lambda name: groups.get(name.casefold(), -1), 1)
        first: NDArray[np.bool_] = named.getnnz(axis=1) > 0
        first |= np.isin(self.batch.gender, [GENDERS.index(name) for name in rule.genders])
        return first
