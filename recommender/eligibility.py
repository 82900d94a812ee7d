"""Who may take what: a mask, and every reason why not.

Each check says where it forbids, in the shape that is natural to it: ``(B, 1)`` for what depends on the
person alone, ``(1, N)`` for the training alone, ``(B, N)`` for the pair. The mask and the reason codes
are made from the same checks, so they cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Catalogue, Places
from recommender.participants import ParticipantBatch, ages
from recommender.reach import Travel, radius_km, travel
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, LEVELS, MODES, Courses
from training_data.rules import RulesInForce

Violations = NDArray[np.bool_]


class Reason(StrEnum):
    """Why a participant may not take a training."""

    TOO_YOUNG = "too_young"
    TOO_OLD = "too_old"
    STATUS_EXCLUDED = "status_excluded"
    OCCUPATION_EXCLUDED = "occupation_excluded"
    TRAINING_UNFINISHED = "training_unfinished"
    TRAINING_UNRATED = "training_unrated"
    WITHDRAWN = "withdrawn"
    NOT_YET_AVAILABLE = "not_yet_available"
    NO_LONGER_AVAILABLE = "no_longer_available"
    MODE_NOT_PAID = "mode_not_paid"
    LANGUAGE_NOT_PAID = "language_not_paid"
    TOO_SHORT = "too_short"
    ABOVE_PRICE_CEILING = "above_price_ceiling"
    REGISTRATION_CLOSED = "registration_closed"
    NO_SEATS_LEFT = "no_seats_left"
    PLACE_UNKNOWN = "place_unknown"
    BALANCE_TOO_LOW = "balance_too_low"
    TAKEN_ALREADY = "taken_already"
    PREREQUISITE_MISSING = "prerequisite_missing"
    EDUCATION_TOO_LOW = "education_too_low"
    OWN_AREA_UNKNOWN = "own_area_unknown"
    OUT_OF_REACH = "out_of_reach"


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
    def registrable(self) -> NDArray[np.bool_]:
        """Places (P,) whose registration is open today."""
        rule = self.rules.registration
        last_day = self.catalogue.places.starts_on.astype(np.int64) - (
            rule.closes_days_before if rule else 0
        )
        return self.today <= last_day

    @cached_property
    def open_places(self) -> Places:
        """Places where one can still register and sit down."""
        places = self.catalogue.places
        return places.take(self.registrable & (places.seats_left > 0))

    @cached_property
    def travel(self) -> Travel:
        """The way to the nearest open place of each training."""
        rule = self.rules.reach
        return travel(
            self.batch, self.open_places, len(self.catalogue), rule.sea_crossing_km if rule else 0.0
        )

    @cached_property
    def radius_km(self) -> NDArray[np.float64]:
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


def permitted(question: Question) -> NDArray[np.bool_]:
    """Return the mask, shape (B, N): True where no check forbids."""
    mask = np.ones((len(question.batch), len(question.catalogue)), dtype=bool)
    for check in CHECKS.values():
        found = check(question)
        if found is not None:
            np.logical_and(mask, ~found, out=mask)
    return mask


def reason_bits(question: Question) -> NDArray[np.uint32]:
    """Return every reason why not, shape (B, N): bit i stands for the i-th `Reason`; 0 where permitted."""
    bits = np.zeros((len(question.batch), len(question.catalogue)), dtype=np.uint32)
    for place, reason in enumerate(Reason):
        found = CHECKS[reason](question)
        if found is not None:
            bits |= found.astype(np.uint32) << np.uint32(place)
    return bits


def reasons_in(bits: int) -> list[Reason]:
    """Return the reasons that the bits of one pair stand for."""
    return [reason for place, reason in enumerate(Reason) if bits >> place & 1]


def _too_young(q: Question) -> Violations | None:
    if q.rules.age is None:
        return None
    age = ages(q.batch, q.rules.day)
    return ((age >= 0) & (age < q.rules.age.minimum))[:, None]


def _too_old(q: Question) -> Violations | None:
    if q.rules.age is None:
        return None
    return (ages(q.batch, q.rules.day) > q.rules.age.maximum)[:, None]


def _status_excluded(q: Question) -> Violations | None:
    if q.rules.excluded_status is None:
        return None
    excluded = [EMPLOYMENT_STATUSES.index(status) for status in q.rules.excluded_status.statuses]
    return np.isin(q.batch.employment, excluded)[:, None]


def _occupation_excluded(q: Question) -> Violations | None:
    rule = q.rules.excluded_occupation
    if rule is None:
        return None
    excluded = q.batch.occupation.fill_null("").str.to_lowercase().is_in(rule.occupations)
    return excluded.to_numpy()[:, None]


def _training_unfinished(q: Question) -> Violations | None:
    if q.rules.one_at_a_time is None:
        return None
    return (q.batch.taken.getnnz(axis=1) > q.batch.finished.getnnz(axis=1))[:, None]


def _training_unrated(q: Question) -> Violations | None:
    rule = q.rules.one_at_a_time
    if rule is None or not rule.rating_required:
        return None
    return (q.batch.finished.getnnz(axis=1) > q.batch.rated.getnnz(axis=1))[:, None]


def _withdrawn(q: Question) -> Violations:
    return q.catalogue.withdrawn[None, :]


def _not_yet_available(q: Question) -> Violations:
    return (q.catalogue.available_from > q.today)[None, :]


def _no_longer_available(q: Question) -> Violations:
    return (q.catalogue.available_until < q.today)[None, :]


def _mode_not_paid(q: Question) -> Violations | None:
    if q.rules.modes is None:
        return None
    return ~np.isin(q.catalogue.mode, [MODES.index(mode) for mode in q.rules.modes.allowed])[
        None, :
    ]


def _language_not_paid(q: Question) -> Violations | None:
    if q.rules.languages is None:
        return None
    language = q.catalogue.table[Courses.language.name]
    paid = language.is_null() | language.is_in(q.rules.languages.allowed)
    return ~paid.to_numpy()[None, :]


def _too_short(q: Question) -> Violations | None:
    if q.rules.duration is None:
        return None
    return (q.catalogue.duration_hours < q.rules.duration.minimum_hours)[None, :]


def _above_price_ceiling(q: Question) -> Violations | None:
    if q.rules.price_ceiling is None:
        return None
    return (q.catalogue.price > q.rules.price_ceiling.amount)[None, :]


def _registration_closed(q: Question) -> Violations:
    return (q.catalogue.dated & ~q.has_place(q.registrable))[None, :]


def _no_seats_left(q: Question) -> Violations:
    seats = q.catalogue.places.seats_left > 0
    return (q.has_place(q.registrable) & ~q.has_place(q.registrable & seats))[None, :]


def _place_unknown(q: Question) -> Violations:
    return (q.catalogue.face_to_face & ~q.has_place(q.catalogue.places.located))[None, :]


def _balance_too_low(q: Question) -> Violations:
    return q.catalogue.price[None, :] > q.batch.balance[:, None]


def _taken_already(q: Question) -> Violations:
    taken = np.zeros((len(q.batch), len(q.catalogue)), dtype=bool)
    taken[q.batch.taken.nonzero()] = True
    return taken


def _prerequisite_missing(q: Question) -> Violations | None:
    """A prerequisite is met by finishing it, or by holding every skill that it teaches."""
    needing = np.flatnonzero(q.catalogue.prerequisites.getnnz(axis=1))
    if not len(needing):
        return None
    required = q.catalogue.prerequisites[needing]
    basics = np.unique(required.indices)
    taught = q.catalogue.skills[basics]
    count = taught.getnnz(axis=1)
    held = ((q.batch.skills @ taught.T).toarray() == count) & (count > 0)
    met = held | (q.batch.finished[:, basics].toarray() > 0)
    missing = np.zeros((len(q.batch), len(q.catalogue)), dtype=bool)
    missing[:, needing] = (met @ required[:, basics].T.toarray()) < required.getnnz(axis=1)
    return missing


def _education_too_low(q: Question) -> Violations | None:
    rule = q.rules.minimum_education
    if rule is None:
        return None
    least = [
        EDUCATIONS.index(rule.education[level]) if level in rule.education else 0
        for level in LEVELS
    ]
    needed = np.append(least, 0)[q.catalogue.level]
    known = q.batch.education >= 0
    return known[:, None] & (q.batch.education[:, None] < needed[None, :])


def _own_area_unknown(q: Question) -> Violations:
    return np.isnan(q.batch.latitude)[:, None] & q.to_travel_to[None, :]


def _out_of_reach(q: Question) -> Violations:
    asked = np.flatnonzero(q.to_travel_to)
    far = np.zeros((len(q.batch), len(q.catalogue)), dtype=bool)
    beyond = q.travel.km[:, asked][q.travel.origin] > q.radius_km[:, None]
    far[:, asked] = beyond & ~np.isnan(q.batch.latitude)[:, None]
    return far


CHECKS: dict[Reason, Callable[[Question], Violations | None]] = {
    Reason.TOO_YOUNG: _too_young,
    Reason.TOO_OLD: _too_old,
    Reason.STATUS_EXCLUDED: _status_excluded,
    Reason.OCCUPATION_EXCLUDED: _occupation_excluded,
    Reason.TRAINING_UNFINISHED: _training_unfinished,
    Reason.TRAINING_UNRATED: _training_unrated,
    Reason.WITHDRAWN: _withdrawn,
    Reason.NOT_YET_AVAILABLE: _not_yet_available,
    Reason.NO_LONGER_AVAILABLE: _no_longer_available,
    Reason.MODE_NOT_PAID: _mode_not_paid,
    Reason.LANGUAGE_NOT_PAID: _language_not_paid,
    Reason.TOO_SHORT: _too_short,
    Reason.ABOVE_PRICE_CEILING: _above_price_ceiling,
    Reason.REGISTRATION_CLOSED: _registration_closed,
    Reason.NO_SEATS_LEFT: _no_seats_left,
    Reason.PLACE_UNKNOWN: _place_unknown,
    Reason.BALANCE_TOO_LOW: _balance_too_low,
    Reason.TAKEN_ALREADY: _taken_already,
    Reason.PREREQUISITE_MISSING: _prerequisite_missing,
    Reason.EDUCATION_TOO_LOW: _education_too_low,
    Reason.OWN_AREA_UNKNOWN: _own_area_unknown,
    Reason.OUT_OF_REACH: _out_of_reach,
}
