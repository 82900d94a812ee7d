"""The evidence of an exclusion: the numbers that say why a participant may not take a training."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp

from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.participant_rules import list_missing_prerequisites
from recommender.eligibility.query import EligibilityQuery
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, MODES, Courses

Evidence = dict[str, Any]
T = TypeVar("T")


def exclusion_evidence(
    query: EligibilityQuery, row: int, course: int, reason: Exclusion
) -> Evidence:
    """Return the numbers behind a reason for one participant and one training."""
    return EVIDENCE[reason](query, row, course)


def _too_young(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"age": int(q.ages[row]), "minimum": _require(q.rules.age).minimum}


def _too_old(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"age": int(q.ages[row]), "maximum": _require(q.rules.age).maximum}


def _status(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"status": EMPLOYMENT_STATUSES[q.batch.facts.employment[row]]}


def _occupation(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"occupation": q.batch.facts.occupation[int(row)]}


def _late(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    last = q.batch.admitted_on[row] + _require(q.rules.first_purchase).within_days
    return {"date": to_date(last)}


def _unfinished(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    past = q.batch.past
    return {"course": _titles_without(q, past.taken, past.finished, row)}


def _unrated(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    past = q.batch.past
    return {"course": _titles_without(q, past.finished, past.rated, row)}


def _titles_without(
    q: EligibilityQuery, some: sp.csr_matrix, others: sp.csr_matrix, row: int
) -> list[str]:
    """Return the titles of the trainings that a person has in one table and not in another."""
    own, done = (table.indices[slice(*table.indptr[row : row + 2])] for table in (some, others))
    return [_title(q, course) for course in np.setdiff1d(own, done)]


def _graduated(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {
        "date": to_date(q.batch.facts.graduated_on[row]),
        "earliest": _require(q.rules.graduation).earliest(q.rules.day),
    }


def _late_for_the_next(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    last = q.batch.past.finished_on[row] + _require(q.rules.next_purchase).within_days
    return {"date": to_date(last)}


def _choices(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    taken = q.batch.past.taken[row].indices
    titles = [_title(q, one) for one in taken]
    return {"most": _require(q.rules.choices).most, "course": titles}


def _from(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": to_date(q.catalogue.available_from[course])}


def _until(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": to_date(q.catalogue.available_until[course])}


def _mode(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"mode": MODES[q.catalogue.mode[course]]}


def _language(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"language": q.catalogue.table[Courses.language.name][int(course)]}


def _short(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {
        "hours": float(q.catalogue.duration_hours[course]),
        "minimum": _require(q.rules.duration).minimum_hours,
    }


def _ceiling(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {
        "price": int(q.catalogue.price[course]),
        "ceiling": int(q.availability.price_ceiling[course]),
    }


def _balance(q: EligibilityQuery, row: int, course: int) -> Evidence:
    return {"price": int(q.catalogue.price[course]), "balance": int(q.batch.balance[row])}


def _opens(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    here = q.availability.stages["not_closed"] & (q.catalogue.sessions.course == course)
    return {"date": to_date(q.availability.registration_opens[here].min())}


def _too_late(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": _require(q.rules.class_dates).last_day}


def _hours_a_day(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    sessions = q.catalogue.sessions
    here = q.availability.stages["in_time"] & (sessions.course == course)
    days = int((sessions.ends_on[here] - sessions.starts_on[here]).max()) + 1
    mode = MODES[q.catalogue.mode[course]]
    hours = float(q.catalogue.duration_hours[course])
    return {"hours": hours, "days": days, "maximum": _require(q.rules.hours_per_day).hours[mode]}


def _prerequisite(q: EligibilityQuery, row: int, course: int) -> Evidence:
    return {"course": [_title(q, one) for one in list_missing_prerequisites(q, row, course)]}


def _unknown_prerequisites(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    needed = q.catalogue.table[Courses.prerequisites.name][int(course)]
    return {"course": [one for one in needed if one not in q.catalogue.index]}


def _education(q: EligibilityQuery, row: int, course: int) -> Evidence:
    return {
        "education": EDUCATIONS[q.availability.required_education[course]],
        "own": EDUCATIONS[q.batch.facts.education[row]],
    }


def _reach(q: EligibilityQuery, row: int, course: int) -> Evidence:
    """Return whole kilometres, rounded so that the two never look alike."""
    km = float(q.travel.between(np.array([row]), np.array([course]))[0])
    return {"km": math.ceil(km), "radius": math.floor(q.radius_km[row])}


def _no_evidence(q: EligibilityQuery, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {}


def _require(rule: T | None) -> T:
    """Return the rule whose breach is reported; a check only fires where its rule is in force."""
    if rule is None:
        raise AssertionError("a reason was given for a rule that is not in force")
    return rule


def _title(q: EligibilityQuery, course: int) -> str:
    return str(q.catalogue.table[Courses.title.name][int(course)])


def to_date(day: int) -> dt.date:
    """Return the date of a day counted from 1970-01-01."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


EVIDENCE: dict[Exclusion, Callable[[EligibilityQuery, int, int], Evidence]] = {
    Exclusion.TOO_YOUNG: _too_young,
    Exclusion.TOO_OLD: _too_old,
    Exclusion.STATUS_EXCLUDED: _status,
    Exclusion.OCCUPATION_EXCLUDED: _occupation,
    Exclusion.GRADUATED_TOO_EARLY: _graduated,
    Exclusion.FIRST_PURCHASE_LATE: _late,
    Exclusion.NEXT_PURCHASE_LATE: _late_for_the_next,
    Exclusion.TOOK_PART_ALREADY: _no_evidence,
    Exclusion.TOO_MANY_CHOICES: _choices,
    Exclusion.TRAINING_UNFINISHED: _unfinished,
    Exclusion.TRAINING_UNRATED: _unrated,
    Exclusion.WITHDRAWN: _no_evidence,
    Exclusion.NOT_YET_AVAILABLE: _from,
    Exclusion.NO_LONGER_AVAILABLE: _until,
    Exclusion.MODE_NOT_PAID: _mode,
    Exclusion.LANGUAGE_NOT_PAID: _language,
    Exclusion.TOO_SHORT: _short,
    Exclusion.ABOVE_PRICE_CEILING: _ceiling,
    Exclusion.REGISTRATION_CLOSED: _no_evidence,
    Exclusion.REGISTRATION_NOT_OPEN: _opens,
    Exclusion.CLASS_TOO_LATE: _too_late,
    Exclusion.TOO_MANY_HOURS_A_DAY: _hours_a_day,
    Exclusion.NO_SEATS_LEFT: _no_evidence,
    Exclusion.PLACE_UNKNOWN: _no_evidence,
    Exclusion.PREREQUISITE_UNKNOWN: _unknown_prerequisites,
    Exclusion.BALANCE_TOO_LOW: _balance,
    Exclusion.TAKEN_ALREADY: _no_evidence,
    Exclusion.PREREQUISITE_MISSING: _prerequisite,
    Exclusion.EDUCATION_TOO_LOW: _education,
    Exclusion.DEVICE_MISSING: _no_evidence,
    Exclusion.CONNECTION_MISSING: _no_evidence,
    Exclusion.OWN_AREA_UNKNOWN: _no_evidence,
    Exclusion.OUT_OF_REACH: _reach,
}
