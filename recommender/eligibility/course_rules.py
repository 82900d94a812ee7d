"""The rules about trainings alone: what is available on a day, and why others are closed to everybody."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import FAR_FUTURE, Catalogue, Sessions
from recommender.eligibility.exclusion_codes import Exclusion, set_bits
from recommender.eligibility.occupations import ExcludedOccupations
from recommender.eligibility.travel import Routes
from training_data.columns import EDUCATIONS, LEVELS, MODES, Courses
from training_data.programmes.rules import RulesInForce

Stage = Literal["listed", "not_closed", "registrable", "in_time", "paid", "open"]
Violations = NDArray[np.bool_]


@dataclass(frozen=True)
class Availability:
    """A catalogue under the rules of one day, whoever asks."""

    catalogue: Catalogue
    rules: RulesInForce

    @property
    def today(self) -> int:
        """Days since 1970-01-01."""
        return (self.rules.day - dt.date(1970, 1, 1)).days

    @cached_property
    def registration_opens(self) -> NDArray[np.int64]:
        """Day (P,) on which each session begins to take people: its own, else by rule, else long past."""
        sessions, rule = self.catalogue.sessions, self.rules.registration
        by_rule = np.zeros(len(sessions), dtype=np.int64)
        if rule is not None and rule.opens_days_before is not None:
            by_rule = sessions.starts_on.astype(np.int64) - rule.opens_days_before
            by_rule[sessions.starts_on == FAR_FUTURE] = 0
        return np.where(sessions.registration_from >= 0, sessions.registration_from, by_rule)

    @cached_property
    def registration_closes(self) -> NDArray[np.int64]:
        """Last day (P,) on which each session takes people: its own, else by rule, else its first day."""
        sessions, rule = self.catalogue.sessions, self.rules.registration
        by_rule = sessions.starts_on.astype(np.int64) - (rule.closes_days_before if rule else 0)
        return np.where(sessions.registration_until >= 0, sessions.registration_until, by_rule)

    @cached_property
    def stages(self) -> dict[Stage, NDArray[np.bool_]]:
        """Sessions (P,) that pass each stage and all before it, from listed to open for one more."""
        sessions = self.catalogue.sessions
        passing: dict[Stage, NDArray[np.bool_]] = {
            "listed": np.ones(len(sessions), dtype=bool),
            "not_closed": self.today <= self.registration_closes,
            "registrable": self.registration_opens <= self.today,
            "in_time": self._ends_in_time(),
            "paid": self._within_hours_a_day(),
            "open": sessions.seats_left > 0,
        }
        so_far = passing["listed"]
        found: dict[Stage, NDArray[np.bool_]] = {}
        for stage, passed in passing.items():
            so_far = so_far & passed
            found[stage] = so_far
        return found

    @cached_property
    def open_sessions(self) -> Sessions:
        """Sessions that are paid and where one can still register and sit down."""
        return self.catalogue.sessions.take(self.stages["open"])

    @cached_property
    def routes(self) -> Routes:
        """The routes to the open face-to-face sessions that are on the map."""
        return self._routes_to(self._attended & self.catalogue.sessions.location.known)

    @cached_property
    def attended_sessions(self) -> Sessions:
        """The open face-to-face sessions, also those that are not on the map."""
        return self.catalogue.sessions.take(self._attended)

    @cached_property
    def attended_rows(self) -> NDArray[np.intp]:
        """Rows of the catalogue's sessions that are `attended_sessions`."""
        return np.flatnonzero(self._attended)

    @cached_property
    def attended_routes(self) -> Routes:
        """The routes to `attended_sessions`, in their order."""
        return self._routes_to(self._attended)

    def _routes_to(self, rows: NDArray[np.bool_]) -> Routes:
        return Routes.to(self.catalogue, rows, self.rules.reach)

    @cached_property
    def _attended(self) -> NDArray[np.bool_]:
        sessions = self.catalogue.sessions
        return self.stages["open"] & self.catalogue.face_to_face[sessions.course]

    @cached_property
    def needs_travel(self) -> NDArray[np.bool_]:
        """Face-to-face trainings (N,) with an open session on the map.

        A closed or full class has its own reason, and so has one whose place is not known.
        """
        somewhere = np.zeros(len(self.catalogue), dtype=bool)
        open_sessions = self.open_sessions
        somewhere[open_sessions.course[open_sessions.location.known]] = True
        return self.catalogue.face_to_face & somewhere

    def has_session(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Trainings (N,) with at least one of the sessions ``rows``."""
        found = np.zeros(len(self.catalogue), dtype=bool)
        found[self.catalogue.sessions.course[rows]] = True
        return found

    @cached_property
    def required_education(self) -> NDArray[np.int8]:
        """The least schooling (N,) for each training, by rule and by its own word; 0: none."""
        rule = self.rules.minimum_education
        by_level = np.zeros(len(LEVELS) + 1, dtype=np.int8)  # the last is of the unknown, -1
        if rule is not None:
            by_level[:] = EDUCATIONS.index(rule.any_level)
            for level, education in rule.education.items():
                place = LEVELS.index(level)
                by_level[place] = max(by_level[place], EDUCATIONS.index(education))
        return np.maximum(by_level[self.catalogue.level], self.catalogue.minimum_education).astype(
            np.int8
        )

    @cached_property
    def prerequisite_courses(self) -> NDArray[np.int32]:
        """Trainings that some other needs, ascending."""
        return np.unique(self.catalogue.prerequisites.indices).astype(np.int32)

    @cached_property
    def prerequisite_places(self) -> NDArray[np.int32]:
        """Place of each training (N,) in ``prerequisite_courses``, -1 for none."""
        places = np.full(len(self.catalogue), -1, dtype=np.int32)
        places[self.prerequisite_courses] = np.arange(len(self.prerequisite_courses))
        return places

    @cached_property
    def prerequisite_skills(self) -> NDArray[np.int32]:
        """Skills that each of ``prerequisite_courses`` teaches, padded with -1."""
        return self.catalogue.taught[self.prerequisite_courses]

    @cached_property
    def requirements(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Place in ``prerequisite_courses`` of what is needed, and the training that needs it: a pair a need."""
        needed = self.catalogue.prerequisites.tocoo()
        return self.prerequisite_places[needed.col], needed.row.astype(np.int32)

    @cached_property
    def excluded_occupations(self) -> ExcludedOccupations | None:
        """The occupations that the programme leaves out."""
        rule = self.rules.excluded_occupation
        return None if rule is None else ExcludedOccupations(rule)

    @cached_property
    def from_balance(self) -> NDArray[np.int64]:
        """What each training (N,) takes of the balance: its price less the participant's own share."""
        rule = self.rules.own_payment
        share = 0.0 if rule is None else rule.share
        return np.maximum(self.catalogue.price - math.floor(share), 0)

    @cached_property
    def from_balance_int32(self) -> NDArray[np.int32]:
        """The same in half the width, as masks compare it."""
        return np.minimum(self.from_balance, np.iinfo(np.int32).max).astype(np.int32)

    @cached_property
    def price_ceiling(self) -> NDArray[np.int64]:
        """The most (N,) that the programme pays for each training."""
        rule, none = self.rules.price_ceiling, np.iinfo(np.int64).max
        if rule is None:
            return np.full(len(self.catalogue), none)
        amounts = {name.casefold(): amount for name, amount in rule.by_category.items()}
        usual = none if rule.amount is None else rule.amount
        by_category = [amounts.get(name.casefold(), usual) for name in self.catalogue.categories]
        return np.array([*by_category, usual])[self.catalogue.category]

    @cached_property
    def closed(self) -> NDArray[np.uint64]:
        """Every reason (N,) that closes a training to all; bit i stands for the i-th `Exclusion`."""
        bits = np.zeros(len(self.catalogue), dtype=np.uint64)
        for reason, check in COURSE_RULES.items():
            if (found := check(self)) is not None:
                bits |= set_bits(found, reason)
        return bits

    @cached_property
    def closed_counts(self) -> NDArray[np.int64]:
        """How many trainings each `Exclusion` closes to all."""
        bits = np.arange(len(Exclusion), dtype=np.uint64)
        counts: NDArray[np.int64] = (self.closed[:, None] >> bits & 1).sum(axis=0, dtype=np.int64)
        return counts

    def _ends_in_time(self) -> NDArray[np.bool_]:
        sessions, rule = self.catalogue.sessions, self.rules.class_dates
        if rule is None:
            return np.ones(len(sessions), dtype=bool)
        last_day = (rule.last_day - dt.date(1970, 1, 1)).days
        in_time: NDArray[np.bool_] = sessions.ends_on <= last_day
        in_time |= sessions.starts_on == FAR_FUTURE
        return in_time

    def _within_hours_a_day(self) -> NDArray[np.bool_]:
        """Whether a class has days enough for its hours; one without dates or hours has."""
        sessions, rule = self.catalogue.sessions, self.rules.hours_per_day
        if rule is None:
            return np.ones(len(sessions), dtype=bool)
        most = np.array([rule.hours.get(mode, np.inf) for mode in MODES])[self.catalogue.mode]
        days = sessions.ends_on.astype(np.int64) - sessions.starts_on + 1
        hours = self.catalogue.duration_hours[sessions.course]
        too_many: NDArray[np.bool_] = hours > most[sessions.course] * days
        too_many &= sessions.starts_on < FAR_FUTURE
        return ~too_many


def _withdrawn(availability: Availability) -> Violations:
    return availability.catalogue.withdrawn


def _not_yet_available(availability: Availability) -> Violations:
    return availability.catalogue.available_from > availability.today


def _no_longer_available(availability: Availability) -> Violations:
    return availability.catalogue.available_until < availability.today


def _mode_not_paid(availability: Availability) -> Violations | None:
    if availability.rules.modes is None:
        return None
    return ~np.isin(
        availability.catalogue.mode,
        [MODES.index(mode) for mode in availability.rules.modes.allowed],
    )


def _language_not_paid(availability: Availability) -> Violations | None:
    if availability.rules.languages is None:
        return None
    language = availability.catalogue.table[Courses.language.name]
    paid = language.is_null() | language.is_in(availability.rules.languages.allowed)
    return ~paid.to_numpy()


def _too_short(availability: Availability) -> Violations | None:
    if availability.rules.duration is None:
        return None
    return availability.catalogue.duration_hours < availability.rules.duration.minimum_hours


def _above_price_ceiling(availability: Availability) -> Violations | None:
    if availability.rules.price_ceiling is None:
        return None
    return availability.from_balance > availability.price_ceiling


def _rule_on_stage(stage: Stage, before: Stage) -> Callable[[Availability], Violations]:
    """Forbid where some session passes the stage before, and none this one."""

    def check(availability: Availability) -> Violations:
        return availability.has_session(availability.stages[before]) & ~availability.has_session(
            availability.stages[stage]
        )

    return check


def _place_unknown(availability: Availability) -> Violations:
    """Forbid where sessions are open, and none of them is on the map."""
    open_ = availability.stages["open"]
    catalogue = availability.catalogue
    somewhere = availability.has_session(open_ & catalogue.sessions.location.known)
    return catalogue.face_to_face & availability.has_session(open_) & ~somewhere


def _prerequisite_unknown(availability: Availability) -> Violations:
    return availability.catalogue.needs_unknown


COURSE_RULES: dict[Exclusion, Callable[[Availability], Violations | None]] = {
    Exclusion.WITHDRAWN: _withdrawn,
    Exclusion.NOT_YET_AVAILABLE: _not_yet_available,
    Exclusion.NO_LONGER_AVAILABLE: _no_longer_available,
    Exclusion.MODE_NOT_PAID: _mode_not_paid,
    Exclusion.LANGUAGE_NOT_PAID: _language_not_paid,
    Exclusion.TOO_SHORT: _too_short,
    Exclusion.ABOVE_PRICE_CEILING: _above_price_ceiling,
    Exclusion.REGISTRATION_CLOSED: _rule_on_stage("not_closed", "listed"),
    Exclusion.REGISTRATION_NOT_OPEN: _rule_on_stage("registrable", "not_closed"),
    Exclusion.CLASS_TOO_LATE: _rule_on_stage("in_time", "registrable"),
    Exclusion.TOO_MANY_HOURS_A_DAY: _rule_on_stage("paid", "in_time"),
    Exclusion.NO_SEATS_LEFT: _rule_on_stage("open", "paid"),
    Exclusion.PLACE_UNKNOWN: _place_unknown,
    Exclusion.PREREQUISITE_UNKNOWN: _prerequisite_unknown,
}
