"""The checks behind every mask and reason: one for each reason, in the shape that is natural to it.

What depends on the person alone is of shape (B,), on the training alone (N,), on the pair (n, N) for
some rows of the batch. None: the check forbids nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from recommender.participants import ages
from recommender.question import Question, Stage
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, LEVELS, MODES, Courses
from training_data.frames import positions
from training_data.text import normalise

Violations = NDArray[np.bool_]
INT32_MAX = np.iinfo(np.int32).max


class Reason(StrEnum):
    """Why a participant may not take a training."""

    TOO_YOUNG = "too_young"
    TOO_OLD = "too_old"
    STATUS_EXCLUDED = "status_excluded"
    OCCUPATION_EXCLUDED = "occupation_excluded"
    FIRST_PURCHASE_LATE = "first_purchase_late"
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
    REGISTRATION_NOT_OPEN = "registration_not_open"
    CLASS_TOO_LATE = "class_too_late"
    TOO_MANY_HOURS_A_DAY = "too_many_hours_a_day"
    NO_SEATS_LEFT = "no_seats_left"
    PLACE_UNKNOWN = "place_unknown"
    BALANCE_TOO_LOW = "balance_too_low"
    TAKEN_ALREADY = "taken_already"
    PREREQUISITE_MISSING = "prerequisite_missing"
    EDUCATION_TOO_LOW = "education_too_low"
    DEVICE_MISSING = "device_missing"
    CONNECTION_MISSING = "connection_missing"
    OWN_AREA_UNKNOWN = "own_area_unknown"
    OUT_OF_REACH = "out_of_reach"


def needed_education(q: Question) -> NDArray[np.int8]:
    """Return the least schooling (N,) for each training, by rule and by its own word; 0: none."""
    rule = q.rules.minimum_education
    by_level = np.zeros(len(LEVELS) + 1, dtype=np.int8)
    for number, level in enumerate(LEVELS):
        if rule is not None and level in rule.education:
            by_level[number] = EDUCATIONS.index(rule.education[level])
    return np.maximum(by_level[q.catalogue.level], q.catalogue.minimum_education).astype(np.int8)


def unmet_prerequisites(q: Question, rows: slice) -> tuple[NDArray[np.int64], Violations]:
    """Return the trainings that some other needs, and whether each person (n,) still lacks each.

    A prerequisite is met by finishing it, or by holding every skill that it teaches.
    """
    basics = np.unique(q.catalogue.prerequisites.indices)
    taught = q.catalogue.skills[basics]
    count = taught.getnnz(axis=1).astype(np.float32)
    held = (q.batch.skills[rows] @ taught.T).toarray() == np.where(count > 0, count, -1)
    return basics, ~held & (q.batch.finished[rows][:, basics].toarray() == 0)


def _too_young(q: Question) -> Violations | None:
    if q.rules.age is None:
        return None
    age = ages(q.batch, q.rules.day)
    return (age >= 0) & (age < q.rules.age.minimum)


def _too_old(q: Question) -> Violations | None:
    return None if q.rules.age is None else ages(q.batch, q.rules.day) > q.rules.age.maximum


def _status_excluded(q: Question) -> Violations | None:
    if q.rules.excluded_status is None:
        return None
    excluded = [EMPLOYMENT_STATUSES.index(status) for status in q.rules.excluded_status.statuses]
    return np.isin(q.batch.employment, excluded)


def _occupation_excluded(q: Question) -> Violations | None:
    rule = q.rules.excluded_occupation
    if rule is None:
        return None
    names = {normalise(name) for name in rule.occupations}
    occupations = q.batch.occupations

    def excluded(phrase: str) -> int:
        """1 where a phrase, the id that it stands for, or the code of either is excluded, else 0."""
        number = occupations.vocabulary.find(phrase)
        known = number >= 0
        id_ = occupations.vocabulary.terms[number].id if known else phrase
        code = occupations.codes[number] if known else phrase
        named = bool(names & {normalise(phrase), normalise(id_)})
        return int(named or code.startswith(rule.codes))

    found: Violations = positions(q.batch.occupation, excluded) == 1
    return found


def _first_purchase_late(q: Question) -> Violations | None:
    rule = q.rules.first_purchase
    if rule is None:
        return None
    admitted = q.batch.admitted_on
    return (admitted >= 0) & ~q.batch.has_bought & (q.today > admitted + rule.within_days)


def _training_unfinished(q: Question) -> Violations | None:
    if q.rules.one_at_a_time is None:
        return None
    unfinished: Violations = q.batch.taken.getnnz(axis=1) > q.batch.finished.getnnz(axis=1)
    return unfinished


def _training_unrated(q: Question) -> Violations | None:
    rule = q.rules.one_at_a_time
    if rule is None or not rule.rating_required:
        return None
    unrated: Violations = q.batch.finished.getnnz(axis=1) > q.batch.rated.getnnz(axis=1)
    return unrated


def _withdrawn(q: Question) -> Violations:
    return q.catalogue.withdrawn


def _not_yet_available(q: Question) -> Violations:
    return q.catalogue.available_from > q.today


def _no_longer_available(q: Question) -> Violations:
    return q.catalogue.available_until < q.today


def _mode_not_paid(q: Question) -> Violations | None:
    if q.rules.modes is None:
        return None
    return ~np.isin(q.catalogue.mode, [MODES.index(mode) for mode in q.rules.modes.allowed])


def _language_not_paid(q: Question) -> Violations | None:
    if q.rules.languages is None:
        return None
    language = q.catalogue.table[Courses.language.name]
    paid = language.is_null() | language.is_in(q.rules.languages.allowed)
    return ~paid.to_numpy()


def _too_short(q: Question) -> Violations | None:
    if q.rules.duration is None:
        return None
    return q.catalogue.duration_hours < q.rules.duration.minimum_hours


def _above_price_ceiling(q: Question) -> Violations | None:
    if q.rules.price_ceiling is None:
        return None
    return q.catalogue.price > q.rules.price_ceiling.amount


def _lost_at(stage: Stage, before: Stage) -> Callable[[Question], Violations]:
    """Forbid where some place passes the stage before, and none this one."""

    def check(q: Question) -> Violations:
        return q.has_place(q.stages[before]) & ~q.has_place(q.stages[stage])

    return check


def _place_unknown(q: Question) -> Violations:
    return q.catalogue.face_to_face & ~q.has_place(q.catalogue.places.located)


def _balance_too_low(q: Question, rows: slice) -> Violations:
    balance = np.minimum(q.batch.balance[rows], INT32_MAX).astype(np.int32)
    return q.catalogue.price.astype(np.int32) > balance[:, None]


def _taken_already(q: Question, rows: slice) -> Violations | None:
    taken = q.batch.taken[rows]
    if not taken.nnz:
        return None
    found = np.zeros(taken.shape, dtype=bool)
    found[taken.nonzero()] = True
    return found


def _prerequisite_missing(q: Question, rows: slice) -> Violations | None:
    required = q.catalogue.prerequisites
    sizes = required.getnnz(axis=1)
    if not required.nnz:
        return None
    basics, unmet = unmet_prerequisites(q, rows)
    column = np.searchsorted(basics, required.indices)
    missing = np.zeros((len(unmet), len(q.catalogue)), dtype=bool)
    for place in range(sizes.max()):  # first prerequisite of each training, then the second, ...
        needing = np.flatnonzero(sizes > place)
        missing[:, needing] |= unmet[:, column[required.indptr[needing] + place]]
    return missing


def _education_too_low(q: Question, rows: slice) -> Violations | None:
    needed = needed_education(q)
    if not needed.any():
        return None
    own = q.batch.education[rows].astype(np.int8)
    return needed > np.where(own >= 0, own, len(EDUCATIONS))[:, None]


def _device_missing(q: Question, rows: slice) -> Violations | None:
    return _both(q.batch.lacks_device[rows], q.catalogue.needs_device)


def _connection_missing(q: Question, rows: slice) -> Violations | None:
    return _both(q.batch.lacks_connection[rows], q.catalogue.needs_connection)


def _own_area_unknown(q: Question, rows: slice) -> Violations | None:
    return _both(np.isnan(q.batch.latitude[rows]), q.to_travel_to)


def _out_of_reach(q: Question, rows: slice) -> Violations | None:
    if not len(q.travel.courses):
        return None
    beyond = q.travel.km[q.travel.origin[rows], :-1] > q.radius_km[rows, None]
    beyond &= ~np.isnan(q.batch.latitude[rows])[:, None]
    far = np.zeros((len(beyond), len(q.catalogue)), dtype=bool)
    far[:, q.travel.courses] = beyond
    return far


def _both(people: Violations, trainings: Violations) -> Violations | None:
    return people[:, None] & trainings if people.any() and trainings.any() else None


OF_PERSON: dict[Reason, Callable[[Question], Violations | None]] = {
    Reason.TOO_YOUNG: _too_young,
    Reason.TOO_OLD: _too_old,
    Reason.STATUS_EXCLUDED: _status_excluded,
    Reason.OCCUPATION_EXCLUDED: _occupation_excluded,
    Reason.FIRST_PURCHASE_LATE: _first_purchase_late,
    Reason.TRAINING_UNFINISHED: _training_unfinished,
    Reason.TRAINING_UNRATED: _training_unrated,
}
OF_TRAINING: dict[Reason, Callable[[Question], Violations | None]] = {
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
OF_PAIR: dict[Reason, Callable[[Question, slice], Violations | None]] = {
    Reason.BALANCE_TOO_LOW: _balance_too_low,
    Reason.TAKEN_ALREADY: _taken_already,
    Reason.PREREQUISITE_MISSING: _prerequisite_missing,
    Reason.EDUCATION_TOO_LOW: _education_too_low,
    Reason.DEVICE_MISSING: _device_missing,
    Reason.CONNECTION_MISSING: _connection_missing,
    Reason.OWN_AREA_UNKNOWN: _own_area_unknown,
    Reason.OUT_OF_REACH: _out_of_reach,
}
