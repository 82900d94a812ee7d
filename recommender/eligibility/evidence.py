"""Why a participant may not take a training, with the numbers that say so."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from recommender.eligibility.participant_rules import unmet_prerequisites
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import Reason
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, MODES, Courses

Evidence = dict[str, Any]
T = TypeVar("T")


def evidence(question: Question, row: int, course: int, reason: Reason) -> Evidence:
    """Return the numbers behind a reason for one participant and one training."""
    return EVIDENCE[reason](question, row, course)


def _too_young(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"age": int(q.ages[row]), "minimum": _set(q.rules.age).minimum}


def _too_old(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"age": int(q.ages[row]), "maximum": _set(q.rules.age).maximum}


def _status(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"status": EMPLOYMENT_STATUSES[q.batch.employment[row]]}


def _occupation(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"occupation": q.batch.occupation[int(row)]}


def _late(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    last = q.batch.admitted_on[row] + _set(q.rules.first_purchase).within_days
    return {"date": date_of(last)}


def _unfinished(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"course": _titles(q, (q.batch.taken - q.batch.taken.multiply(q.batch.finished))[row])}


def _unrated(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {
        "course": _titles(q, (q.batch.finished - q.batch.finished.multiply(q.batch.rated))[row])
    }


def _from(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": date_of(q.catalogue.available_from[course])}


def _until(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": date_of(q.catalogue.available_until[course])}


def _mode(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"mode": MODES[q.catalogue.mode[course]]}


def _language(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"language": q.catalogue.table[Courses.language.name][int(course)]}


def _short(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {
        "hours": float(q.catalogue.duration_hours[course]),
        "minimum": _set(q.rules.duration).minimum_hours,
    }


def _ceiling(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"price": int(q.catalogue.price[course]), "ceiling": _set(q.rules.price_ceiling).amount}


def _balance(q: Question, row: int, course: int) -> Evidence:
    return {"price": int(q.catalogue.price[course]), "balance": int(q.batch.balance[row])}


def _opens(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    here = q.offer.stages["not_closed"] & (q.catalogue.places.course == course)
    return {"date": date_of(q.offer.registration_opens[here].min())}


def _too_late(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": _set(q.rules.class_dates).last_day}


def _hours_a_day(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    places = q.catalogue.places
    here = q.offer.stages["in_time"] & (places.course == course)
    days = int((places.ends_on[here] - places.starts_on[here]).max()) + 1
    mode = MODES[q.catalogue.mode[course]]
    hours = float(q.catalogue.duration_hours[course])
    return {"hours": hours, "days": days, "maximum": _set(q.rules.hours_per_day).hours[mode]}


def _prerequisite(q: Question, row: int, course: int) -> Evidence:
    basics, unmet = unmet_prerequisites(q, slice(row, row + 1))
    missing = np.intersect1d(basics[unmet[0]], q.catalogue.prerequisites[course].indices)
    return {"course": [_title(q, basic) for basic in missing]}


def _education(q: Question, row: int, course: int) -> Evidence:
    return {
        "education": EDUCATIONS[q.offer.needed_education[course]],
        "own": EDUCATIONS[q.batch.education[row]],
    }


def _reach(q: Question, row: int, course: int) -> Evidence:
    """Return whole kilometres, rounded so that the two never look alike."""
    km = float(q.travel.of(np.array([row]), np.array([course]))[0])
    return {"km": math.ceil(km), "radius": math.floor(q.radius_km[row])}


def _nothing(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {}


def _set(rule: T | None) -> T:
    """Return the rule whose breach is reported; a check only fires where its rule is in force."""
    if rule is None:
        raise AssertionError("a reason was given for a rule that is not in force")
    return rule


def _titles(q: Question, row: Any) -> list[str]:
    return [_title(q, course) for course in row.nonzero()[1]]


def _title(q: Question, course: int) -> str:
    return str(q.catalogue.table[Courses.title.name][int(course)])


def date_of(day: int) -> dt.date:
    """Return the date of a day counted from 1970-01-01."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


EVIDENCE: dict[Reason, Callable[[Question, int, int], Evidence]] = {
    Reason.TOO_YOUNG: _too_young,
    Reason.TOO_OLD: _too_old,
    Reason.STATUS_EXCLUDED: _status,
    Reason.OCCUPATION_EXCLUDED: _occupation,
    Reason.FIRST_PURCHASE_LATE: _late,
    Reason.TRAINING_UNFINISHED: _unfinished,
    Reason.TRAINING_UNRATED: _unrated,
    Reason.WITHDRAWN: _nothing,
    Reason.NOT_YET_AVAILABLE: _from,
    Reason.NO_LONGER_AVAILABLE: _until,
    Reason.MODE_NOT_PAID: _mode,
    Reason.LANGUAGE_NOT_PAID: _language,
    Reason.TOO_SHORT: _short,
    Reason.ABOVE_PRICE_CEILING: _ceiling,
    Reason.REGISTRATION_CLOSED: _nothing,
    Reason.REGISTRATION_NOT_OPEN: _opens,
    Reason.CLASS_TOO_LATE: _too_late,
    Reason.TOO_MANY_HOURS_A_DAY: _hours_a_day,
    Reason.NO_SEATS_LEFT: _nothing,
    Reason.PLACE_UNKNOWN: _nothing,
    Reason.BALANCE_TOO_LOW: _balance,
    Reason.TAKEN_ALREADY: _nothing,
    Reason.PREREQUISITE_MISSING: _prerequisite,
    Reason.EDUCATION_TOO_LOW: _education,
    Reason.DEVICE_MISSING: _nothing,
    Reason.CONNECTION_MISSING: _nothing,
    Reason.OWN_AREA_UNKNOWN: _nothing,
    Reason.OUT_OF_REACH: _reach,
}
