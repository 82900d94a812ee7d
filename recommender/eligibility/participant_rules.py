"""The rules about a person, and about a person before a training: one for each exclusion, in its natural shape.

What depends on the person alone is of shape (B,), on the pair (n, N) for some rows of the batch. None:
the rule forbids nothing here. What depends on the training alone stands in `recommender.eligibility.course_rules`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.kernels.masks import mark_containing, mark_farther, mark_some
from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.query import EligibilityQuery
from recommender.participants.batch import UNKNOWN_DAY
from training_data.arrays import Rows, look_up, mark_cells, take_segments
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES

Violations = NDArray[np.bool_]
INT32_MAX = np.iinfo(np.int32).max


def find_unmet_prerequisites(
    q: EligibilityQuery, rows: Rows
) -> tuple[NDArray[np.int32], Violations]:
    """Return the trainings that some other needs, and whether each person (n,) still lacks each.

    A prerequisite is met by finishing it, or by holding every skill that it teaches.
    """
    courses, some = q.availability.prerequisite_courses, _row_numbers(q, rows)
    skills = q.batch.skills.held
    met = np.zeros((len(some), len(courses)), dtype=bool)
    taught = q.availability.prerequisite_skills
    mark_containing(skills.indptr, skills.indices, some, skills.shape[1], taught, met)
    finished = q.finished
    _, people, cells = take_segments(finished.indptr, some)
    places = q.availability.prerequisite_places[finished.indices[cells]]
    met[people[places >= 0], places[places >= 0]] = True
    return courses, ~met


def list_missing_prerequisites(q: EligibilityQuery, row: int, course: int) -> list[int]:
    """Return the listed trainings that a person still lacks before a training, ascending."""
    courses, unmet = find_unmet_prerequisites(q, slice(row, row + 1))
    missing = np.intersect1d(courses[unmet[0]], q.catalogue.prerequisites[course].indices)
    return [int(one) for one in missing]


def _row_numbers(q: EligibilityQuery, rows: Rows) -> NDArray[np.int64]:
    return np.arange(len(q.batch))[rows]


def _too_young(q: EligibilityQuery) -> Violations | None:
    if q.rules.age is None:
        return None
    return (q.ages >= 0) & (q.ages < q.rules.age.minimum)


def _too_old(q: EligibilityQuery) -> Violations | None:
    if q.rules.age is None or q.rules.age.maximum is None:
        return None
    return q.ages > q.rules.age.maximum


def _status_excluded(q: EligibilityQuery) -> Violations | None:
    if q.rules.excluded_status is None:
        return None
    is_excluded = np.zeros(
        len(EMPLOYMENT_STATUSES) + 1, dtype=bool
    )  # the last is of the unknown, -1
    is_excluded[[EMPLOYMENT_STATUSES.index(name) for name in q.rules.excluded_status.statuses]] = (
        True
    )
    return is_excluded[q.batch.facts.employment]


def _occupation_excluded(q: EligibilityQuery) -> Violations | None:
    excluded = q.availability.excluded_occupations
    if excluded is None:
        return None
    occupations = q.batch.occupations

    def is_excluded(phrase: str) -> int:
        """1 where a phrase, the id that it stands for, or the code of either is excluded, else 0."""
        number = occupations.vocabulary.find(phrase)
        known = number >= 0
        id_ = occupations.vocabulary.terms[number].id if known else phrase
        code = occupations.codes[number] if known else phrase
        return int(excluded.names(phrase) or excluded.names(id_) or excluded.covers(code))

    found: Violations = look_up(q.batch.facts.occupation, is_excluded) == 1
    return found


def _first_purchase_late(q: EligibilityQuery) -> Violations | None:
    rule = q.rules.first_purchase
    if rule is None:
        return None
    admitted = q.batch.admitted_on
    return (admitted >= 0) & ~q.batch.past.has_bought & (q.today > admitted + rule.within_days)


def _graduated_too_early(q: EligibilityQuery) -> Violations | None:
    rule = q.rules.graduation
    if rule is None:
        return None
    graduated = q.batch.facts.graduated_on
    earliest = (rule.earliest(q.rules.day) - dt.date(1970, 1, 1)).days
    known: Violations = graduated != UNKNOWN_DAY
    return known & (graduated < earliest)


def _next_purchase_late(q: EligibilityQuery) -> Violations | None:
    rule = q.rules.next_purchase
    if rule is None:
        return None
    finished = q.batch.past.finished_on
    return (finished > 0) & (q.today > finished + rule.within_days) & ~is_underway(q)


def _took_part_already(q: EligibilityQuery) -> Violations | None:
    return None if q.rules.once is None else q.batch.past.has_begun


def _too_many_choices(q: EligibilityQuery) -> Violations | None:
    rule = q.rules.choices
    return None if rule is None else _count_cells(q.batch.past.taken) >= rule.most


def is_underway(q: EligibilityQuery) -> Violations:
    """Whether each person (B,) has a training that is not finished."""
    return _count_cells(q.batch.past.taken) > _count_cells(q.batch.past.finished)


def _training_unfinished(q: EligibilityQuery) -> Violations | None:
    if q.rules.one_at_a_time is None:
        return None
    return is_underway(q)


def _training_unrated(q: EligibilityQuery) -> Violations | None:
    rule = q.rules.one_at_a_time
    if rule is None or not rule.rating_required:
        return None
    return _count_cells(q.batch.past.finished) > _count_cells(q.batch.past.rated)


def _count_cells(matrix: sp.csr_matrix) -> NDArray[np.int32]:
    """Return how many cells each row has; SciPy's own way takes ten times as long for a few rows."""
    counts: NDArray[np.int32] = matrix.indptr[1:] - matrix.indptr[:-1]
    return counts


def _balance_too_low(q: EligibilityQuery, rows: Rows) -> Violations:
    balance = np.minimum(q.batch.balance[rows], INT32_MAX).astype(np.int32)
    return q.availability.from_balance_int32 > balance[:, None]


def _taken_already(q: EligibilityQuery, rows: Rows) -> Violations | None:
    return mark_cells(q.taken, _row_numbers(q, rows)) if q.taken.nnz else None


def _prerequisite_missing(q: EligibilityQuery, rows: Rows) -> Violations | None:
    if not q.catalogue.prerequisites.nnz:
        return None
    _, unmet = find_unmet_prerequisites(q, rows)
    missing = np.zeros((len(unmet), len(q.catalogue)), dtype=bool)
    mark_some(unmet, *q.availability.requirements, missing)
    return missing


def _education_too_low(q: EligibilityQuery, rows: Rows) -> Violations | None:
    needed = q.availability.required_education
    if not needed.any():
        return None
    own = q.batch.facts.education[rows].astype(np.int8)
    return needed > np.where(own >= 0, own, len(EDUCATIONS))[:, None]


def _device_missing(q: EligibilityQuery, rows: Rows) -> Violations | None:
    return _combine(q.batch.lacks_device[rows], q.catalogue.needs_device)


def _connection_missing(q: EligibilityQuery, rows: Rows) -> Violations | None:
    return _combine(q.batch.lacks_connection[rows], q.catalogue.needs_connection)


def _own_area_unknown(q: EligibilityQuery, rows: Rows) -> Violations | None:
    return _combine(np.isnan(q.batch.home.latitude[rows]), q.availability.needs_travel)


def _out_of_reach(q: EligibilityQuery, rows: Rows) -> Violations | None:
    if not len(q.travel.courses):
        return None
    most = np.where(np.isnan(q.batch.home.latitude[rows]), np.float32(np.inf), q.radius_km[rows])
    far = np.zeros((len(most), len(q.catalogue)), dtype=bool)
    mark_farther(q.travel.km, q.travel.origin[rows], most, q.travel.courses, far)
    return far


def _combine(people: Violations, trainings: Violations) -> Violations | None:
    return people[:, None] & trainings if people.any() and trainings.any() else None


PARTICIPANT_RULES: dict[Exclusion, Callable[[EligibilityQuery], Violations | None]] = {
    Exclusion.TOO_YOUNG: _too_young,
    Exclusion.TOO_OLD: _too_old,
    Exclusion.STATUS_EXCLUDED: _status_excluded,
    Exclusion.OCCUPATION_EXCLUDED: _occupation_excluded,
    Exclusion.GRADUATED_TOO_EARLY: _graduated_too_early,
    Exclusion.FIRST_PURCHASE_LATE: _first_purchase_late,
    Exclusion.NEXT_PURCHASE_LATE: _next_purchase_late,
    Exclusion.TOOK_PART_ALREADY: _took_part_already,
    Exclusion.TOO_MANY_CHOICES: _too_many_choices,
    Exclusion.TRAINING_UNFINISHED: _training_unfinished,
    Exclusion.TRAINING_UNRATED: _training_unrated,
}
PAIR_RULES: dict[Exclusion, Callable[[EligibilityQuery, Rows], Violations | None]] = {
    Exclusion.BALANCE_TOO_LOW: _balance_too_low,
    Exclusion.TAKEN_ALREADY: _taken_already,
    Exclusion.PREREQUISITE_MISSING: _prerequisite_missing,
    Exclusion.EDUCATION_TOO_LOW: _education_too_low,
    Exclusion.DEVICE_MISSING: _device_missing,
    Exclusion.CONNECTION_MISSING: _connection_missing,
    Exclusion.OWN_AREA_UNKNOWN: _own_area_unknown,
    Exclusion.OUT_OF_REACH: _out_of_reach,
}
