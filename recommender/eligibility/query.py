"""An eligibility query: a batch of participants before what is available on one day."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.travel import Travel, find_radius, measure_travel
from recommender.participants.batch import ParticipantBatch
from training_data.arrays import build_indicator
from training_data.columns import GENDERS
from training_data.programmes.rules import RulesInForce


@dataclass(frozen=True)
class EligibilityQuery:
    """A batch of participants before what is available on one day.

    Attributes
    ----------
    violations : dict
        What the checks of `recommender.eligibility.checks` found, which is asked for twice; of pairs only where
        the batch is small.
    exclusions : dict
        What was found of single participants, (N,) by row, for remedies that depend on other trainings.
    """

    batch: ParticipantBatch
    availability: Availability
    violations: dict[Exclusion, NDArray[np.bool_] | None] = field(default_factory=dict, repr=False)
    exclusions: dict[int, NDArray[np.uint64]] = field(default_factory=dict, repr=False)

    @property
    def catalogue(self) -> Catalogue:
        """The trainings."""
        return self.availability.catalogue

    @property
    def rules(self) -> RulesInForce:
        """The rules of the day."""
        return self.availability.rules

    @property
    def today(self) -> int:
        """Days since 1970-01-01."""
        return self.availability.today

    @cached_property
    def cells(self) -> int:
        """How many pairs there are of a participant and a training."""
        return len(self.batch) * len(self.catalogue)

    @cached_property
    def ages(self) -> NDArray[np.int32]:
        """Age that each participant (B,) reaches in the calendar year; -1 where the birth year is not known.

        Who is to be born in years to come is 0.
        """
        born = self.batch.facts.birth_year
        return np.where(born > 0, np.maximum(self.rules.day.year - born, 0), -1).astype(np.int32)

    @cached_property
    def taken(self) -> sp.csr_matrix:
        """Trainings that each participant has bought or begun, with all their offers, (B, N)."""
        return self.catalogue.offers.spread(self.batch.past.taken)

    @cached_property
    def finished(self) -> sp.csr_matrix:
        """Trainings that each participant has finished, with all their offers, (B, N)."""
        return self.catalogue.offers.spread(self.batch.past.finished)

    @cached_property
    def travel(self) -> Travel:
        """The travel to the nearest open session of each training in `Availability.needs_travel`."""
        return measure_travel(self.batch, self.availability.routes)

    @cached_property
    def radius_km(self) -> NDArray[np.float32]:
        """How far each participant (B,) travels."""
        return find_radius(self.batch, self.rules.reach)

    @cached_property
    def has_priority(self) -> NDArray[np.bool_]:
        """Whether each participant (B,) is in a group that the rules serve first where seats are scarce."""
        rule = self.rules.priority_groups
        if rule is None:
            return np.zeros(len(self.batch), dtype=bool)
        groups = {name.casefold(): 0 for name in rule.groups}
        named = build_indicator(
            self.batch.facts.groups, lambda name: groups.get(name.casefold(), -1), 1
        )
        first: NDArray[np.bool_] = named.getnnz(axis=1) > 0
        first |= np.isin(self.batch.facts.gender, [GENDERS.index(name) for name in rule.genders])
        return first
