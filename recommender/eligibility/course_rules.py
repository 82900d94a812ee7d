"""What a catalogue offers on one day, whoever asks: open places, and why trainings are closed to all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import FAR_FUTURE, Catalogue, Places
from recommender.eligibility.reasons import Reason, bits_where
from recommender.eligibility.travel import Roads
from training_data.columns import EDUCATIONS, LEVELS, MODES, Courses
from training_data.programmes.rules import RulesInForce
from training_data.text import normalise

Stage = Literal["listed", "not_closed", "registrable", "in_time", "paid", "open"]
Violations = NDArray[np.bool_]


@dataclass(frozen=True)
class Offer:
    """A catalogue under the rules of one day; what is worked out of it is kept for all who ask that day."""

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
    def roads(self) -> Roads:
        """The ways to the open places of trainings that one goes to."""
        located = self.catalogue.places.located
        return Roads.to(self.catalogue, self._gone_to & located, self.rules.reach)

    @cached_property
    def places_to_go_to(self) -> Places:
        """The open places of trainings that one goes to, also those on no map."""
        return self.catalogue.places.take(self._gone_to)

    @cached_property
    def roads_to_them(self) -> Roads:
        """The ways to `places_to_go_to`, in their order."""
        return Roads.to(self.catalogue, self._gone_to, self.rules.reach)

    @cached_property
    def _gone_to(self) -> NDArray[np.bool_]:
        places = self.catalogue.places
        return self.stages["open"] & self.catalogue.face_to_face[places.course]

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
    def needed_education(self) -> NDArray[np.int8]:
        """The least schooling (N,) for each training, by rule and by its own word; 0: none."""
        rule = self.rules.minimum_education
        by_level = np.zeros(len(LEVELS) + 1, dtype=np.int8)
        for number, level in enumerate(LEVELS):
            if rule is not None and level in rule.education:
                by_level[number] = EDUCATIONS.index(rule.education[level])
        return np.maximum(by_level[self.catalogue.level], self.catalogue.minimum_education).astype(
            np.int8
        )

    @cached_property
    def basics(self) -> NDArray[np.int32]:
        """Trainings that some other needs, ascending."""
        return np.unique(self.catalogue.prerequisites.indices).astype(np.int32)

    @cached_property
    def taught_by_basics(self) -> NDArray[np.int32]:
        """Skills that each of ``basics`` teaches, padded with -1."""
        return self.catalogue.taught[self.basics]

    @cached_property
    def needing(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """What is needed first, as places in ``basics``, and the training that needs it: one pair for each need."""
        needed = self.catalogue.prerequisites.tocoo()
        places = np.searchsorted(self.basics, needed.col)
        return places.astype(np.int32), needed.row.astype(np.int32)

    @cached_property
    def excluded_occupations(self) -> frozenset[str]:
        """Names of the occupations that the programme leaves out, normalised."""
        rule = self.rules.excluded_occupation
        return frozenset(normalise(name) for name in rule.occupations) if rule else frozenset()

    @cached_property
    def price(self) -> NDArray[np.int32]:
        """Price (N,) in half the width, as masks compare it."""
        return np.minimum(self.catalogue.price, np.iinfo(np.int32).max).astype(np.int32)

    @cached_property
    def closed(self) -> NDArray[np.uint32]:
        """Every reason (N,) that closes a training to all; bit i stands for the i-th `Reason`."""
        bits = np.zeros(len(self.catalogue), dtype=np.uint32)
        for reason, check in OF_TRAINING.items():
            if (found := check(self)) is not None:
                bits |= bits_where(found, reason)
        return bits

    @cached_property
    def closed_counts(self) -> NDArray[np.int64]:
        """How many trainings each `Reason` closes to all."""
        bits = np.arange(len(Reason), dtype=np.uint32)
        counts: NDArray[np.int64] = (self.closed[:, None] >> bits & 1).sum(axis=0, dtype=np.int64)
        return counts

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


def _withdrawn(offer: Offer) -> Violations:
    return offer.catalogue.withdrawn


def _not_yet_available(offer: Offer) -> Violations:
    return offer.catalogue.available_from > offer.today


def _no_longer_available(offer: Offer) -> Violations:
    return offer.catalogue.available_until < offer.today


def _mode_not_paid(offer: Offer) -> Violations | None:
    if offer.rules.modes is None:
        return None
    return ~np.isin(offer.catalogue.mode, [MODES.index(mode) for mode in offer.rules.modes.allowed])


def _language_not_paid(offer: Offer) -> Violations | None:
    if offer.rules.languages is None:
        return None
    language = offer.catalogue.table[Courses.language.name]
    paid = language.is_null() | language.is_in(offer.rules.languages.allowed)
    return ~paid.to_numpy()


def _too_short(offer: Offer) -> Violations | None:
    if offer.rules.duration is None:
        return None
    return offer.catalogue.duration_hours < offer.rules.duration.minimum_hours


def _above_price_ceiling(offer: Offer) -> Violations | None:
    if offer.rules.price_ceiling is None:
        return None
    return offer.catalogue.price > offer.rules.price_ceiling.amount


def _lost_at(stage: Stage, before: Stage) -> Callable[[Offer], Violations]:
    """Forbid where some place passes the stage before, and none this one."""

    def check(offer: Offer) -> Violations:
        return offer.has_place(offer.stages[before]) & ~offer.has_place(offer.stages[stage])

    return check


def _place_unknown(offer: Offer) -> Violations:
    return offer.catalogue.face_to_face & ~offer.has_place(offer.catalogue.places.located)


OF_TRAINING: dict[Reason, Callable[[Offer], Violations | None]] = {
    Reason.WITHDRAWN: _withdrawn,
    Reason.NOT_YET_AVAILABLE: _not_yet_available,
    Reason.NO_LONGER_AVAILABLE: _no_longer_available,
    Reason.MODE_NOT_PAID: _mode_not_paid,
    Reason.LANGUAGE_NOT_PAID: _language_not_paid,
    Reason.TOO_SHORT: _too_short,
    Reason.ABOVE_PRICE_CEILING: _above_price_ceiling,
    Reason.REGISTRATION_CLOSED: _lost_at("not_closed", "listed"),
    Reason.REGISTRATION_NOT_OPEN: _lost_at("registrable", "not_closed"),
    Reason.CLASS_TOO_LATE: _lost_at("in_time", "registrable"),
    Reason.TOO_MANY_HOURS_A_DAY: _lost_at("paid", "in_time"),
    Reason.NO_SEATS_LEFT: _lost_at("open", "paid"),
    Reason.PLACE_UNKNOWN: _place_unknown,
}
