"""What is asked: a batch of participants before a catalogue, under the rules of one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import FAR_FUTURE, Catalogue, Places
from recommender.participants import ParticipantBatch
from recommender.reach import Travel, radius_km, travel
from training_data.columns import GENDERS, MODES, Participants
from training_data.frames import codes_of, indicator
from training_data.rules import RulesInForce

P = Participants
Stage = Literal["listed", "not_closed", "registrable", "in_time", "paid", "open"]


@dataclass(frozen=True)
class Question:
    """A batch of participants before a catalogue, under the rules of one day."""

    batch: ParticipantBatch
    catalogue: Catalogue
    rules: RulesInForce

    @property
    def today(self) -> int:
        """Days since 1970-01-01."""
        return (self.rules.day - dt.date(1970, 1, 1)).days

    @cached_property
    def registration_opens(self) -> NDArray[np.int64]:
        """Day (P,) on which each place begins to take people: its own, else by rule, else long past."""
        places, rule = self.catalogue.places, self.rules.registration
        by_rule = np.zeros(len(places), dtype=np.int64)
        if rule is not None and rule.opens_days_before is not None:
            by_rule = places.starts_on.astype(np.int64) - rule.opens_days_before
            by_rule[places.starts_on == FAR_FUTURE] = 0
        return np.where(places.registration_from >= 0, places.registration_from, by_rule)

    @cached_property
    def registration_closes(self) -> NDArray[np.int64]:
        """Last day (P,) on which each place takes people: its own, else by rule, else its first day."""
        places, rule = self.catalogue.places, self.rules.registration
        by_rule = places.starts_on.astype(np.int64) - (rule.closes_days_before if rule else 0)
        return np.where(places.registration_until >= 0, places.registration_until, by_rule)

    @cached_property
    def stages(self) -> dict[Stage, NDArray[np.bool_]]:
        """Places (P,) that pass each stage and all before it, from listed to open for one more."""
        places = self.catalogue.places
        passing: dict[Stage, NDArray[np.bool_]] = {
            "listed": np.ones(len(places), dtype=bool),
            "not_closed": self.today <= self.registration_closes,
            "registrable": self.registration_opens <= self.today,
            "in_time": self._ends_in_time(),
            "paid": self._within_hours_a_day(),
            "open": places.seats_left > 0,
        }
        so_far = passing["listed"]
        found: dict[Stage, NDArray[np.bool_]] = {}
        for stage, passed in passing.items():
            so_far = so_far & passed
            found[stage] = so_far
        return found

    @cached_property
    def open_places(self) -> Places:
        """Places that are paid and where one can still register and sit down."""
        return self.catalogue.places.take(self.stages["open"])

    @cached_property
    def travel(self) -> Travel:
        """The way to the nearest open place of each training in `to_travel_to`."""
        places = self.catalogue.places
        goes_there = self.catalogue.face_to_face[places.course] & places.located
        return travel(
            self.batch, self.catalogue, self.stages["open"] & goes_there, self.rules.reach
        )

    @cached_property
    def radius_km(self) -> NDArray[np.float32]:
        """How far each participant (B,) travels."""
        return radius_km(self.batch, self.rules.reach)

    @cached_property
    def to_travel_to(self) -> NDArray[np.bool_]:
        """Trainings (N,) that one goes to and that some open place on the map holds.

        A closed or full class has its own reason, and so has one whose place is not known.
        """
        somewhere = np.zeros(len(self.catalogue), dtype=bool)
        somewhere[self.open_places.course[self.open_places.located]] = True
        return self.catalogue.face_to_face & somewhere

    def has_place(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Trainings (N,) with at least one of the places ``rows``."""
        found = np.zeros(len(self.catalogue), dtype=bool)
        found[self.catalogue.places.course[rows]] = True
        return found

    @cached_property
    def priority(self) -> NDArray[np.bool_]:
        """Whether each participant (B,) is in a group that the rules serve first where seats are scarce."""
        rule = self.rules.priority_groups
        if rule is None:
            return np.zeros(len(self.batch), dtype=bool)
        groups = {name.casefold(): 0 for name in rule.groups}
        named = indicator(
            self.batch.table[P.groups.name], lambda name: groups.get(name.casefold(), -1), 1
        )
        gender = codes_of(self.batch.table[P.gender.name], GENDERS)
        first: NDArray[np.bool_] = named.getnnz(axis=1) > 0
        first |= np.isin(gender, [GENDERS.index(name) for name in rule.genders])
        return first

    def _ends_in_time(self) -> NDArray[np.bool_]:
        places, rule = self.catalogue.places, self.rules.class_dates
        if rule is None:
            return np.ones(len(places), dtype=bool)
        last_day = (rule.last_day - dt.date(1970, 1, 1)).days
        in_time: NDArray[np.bool_] = places.ends_on <= last_day
        in_time |= places.starts_on == FAR_FUTURE
        return in_time

    def _within_hours_a_day(self) -> NDArray[np.bool_]:
        """Whether a class has days enough for its hours; one without dates or hours has."""
        places, rule = self.catalogue.places, self.rules.hours_per_day
        if rule is None:
            return np.ones(len(places), dtype=bool)
        most = np.array([rule.hours.get(mode, np.inf) for mode in MODES])[self.catalogue.mode]
        days = places.ends_on.astype(np.int64) - places.starts_on + 1
        hours = self.catalogue.duration_hours[places.course]
        too_many: NDArray[np.bool_] = hours > most[places.course] * days
        too_many &= places.starts_on < FAR_FUTURE
        return ~too_many
