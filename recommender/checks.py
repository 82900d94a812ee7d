"""The checks of a person, and of a person before a training: one for each reason, in its natural shape.

What depends on the person alone is of shape (B,), on the pair (n, N) for some rows of the batch. None:
the check forbids nothing here. What depends on the training alone stands in `recommender.offer`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.kernels.sums import taught_by
from recommender.participants import ages
from recommender.question import Question
from recommender.reasons import Reason
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES
from training_data.frames import Rows, marks, positions
from training_data.text import normalise

Violations = NDArray[np.bool_]
INT32_MAX = np.iinfo(np.int32).max


def unmet_prerequisites(q: Question, rows: Rows) -> tuple[NDArray[np.int32], Violations]:
    """Return the trainings that some other needs, and whether each person (n,) still lacks each.

    A prerequisite is met by finishing it, or by holding every skill that it teaches.
    """
    basics = q.offer.basics
    skills = marks(q.batch.skills, rows)
    held = taught_by(q.catalogue.taught, np.tile(basics, (len(skills), 1)), skills)
    finished = marks(q.batch.finished, rows).take(basics, axis=1)
    unmet: Violations = (held != q.offer.taught_by_basics) & ~finished
    return basics, unmet


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
    excluded = np.zeros(len(EMPLOYMENT_STATUSES) + 1, dtype=bool)  # the last is of the unknown, -1
    excluded[[EMPLOYMENT_STATUSES.index(name) for name in q.rules.excluded_status.statuses]] = True
    return excluded[q.batch.employment]


def _occupation_excluded(q: Question) -> Violations | None:
    rule = q.rules.excluded_occupation
    if rule is None:
        return None
    names = q.offer.excluded_occupations
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


def _balance_too_low(q: Question, rows: Rows) -> Violations:
    balance = np.minimum(q.batch.balance[rows], INT32_MAX).astype(np.int32)
    return q.offer.price > balance[:, None]


def _taken_already(q: Question, rows: Rows) -> Violations | None:
    if not q.batch.taken.nnz:
        return None
    return marks(q.batch.taken, rows)[:, :-1]


def _prerequisite_missing(q: Question, rows: Rows) -> Violations | None:
    if not q.catalogue.prerequisites.nnz:
        return None
    _, unmet = unmet_prerequisites(q, rows)
    missing = np.zeros((len(unmet), len(q.catalogue)), dtype=bool)
    for needing, needed in q.offer.needing:
        missing[:, needing] |= unmet.take(needed, axis=1)
    return missing


def _education_too_low(q: Question, rows: Rows) -> Violations | None:
    needed = q.offer.needed_education
    if not needed.any():
        return None
    own = q.batch.education[rows].astype(np.int8)
    return needed > np.where(own >= 0, own, len(EDUCATIONS))[:, None]


def _device_missing(q: Question, rows: Rows) -> Violations | None:
    return _both(q.batch.lacks_device[rows], q.catalogue.needs_device)


def _connection_missing(q: Question, rows: Rows) -> Violations | None:
    return _both(q.batch.lacks_connection[rows], q.catalogue.needs_connection)


def _own_area_unknown(q: Question, rows: Rows) -> Violations | None:
    return _both(np.isnan(q.batch.latitude[rows]), q.offer.to_travel_to)


def _out_of_reach(q: Question, rows: Rows) -> Violations | None:
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
OF_PAIR: dict[Reason, Callable[[Question, Rows], Violations | None]] = {
    Reason.BALANCE_TOO_LOW: _balance_too_low,
    Reason.TAKEN_ALREADY: _taken_already,
    Reason.PREREQUISITE_MISSING: _prerequisite_missing,
    Reason.EDUCATION_TOO_LOW: _education_too_low,
    Reason.DEVICE_MISSING: _device_missing,
    Reason.CONNECTION_MISSING: _connection_missing,
    Reason.OWN_AREA_UNKNOWN: _own_area_unknown,
    Reason.OUT_OF_REACH: _out_of_reach,
}
