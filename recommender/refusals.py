"""Why a participant may not take a training, with the numbers that say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from recommender.eligibility import Question, Reason
from recommender.participants import ages
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, LEVELS, MODES, Courses

Evidence = dict[str, Any]
T = TypeVar("T")


def evidence(question: Question, row: int, course: int, reason: Reason) -> Evidence:
    """Return the numbers behind a reason for one participant and one training."""
    return EVIDENCE[reason](question, row, course)


def _too_young(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"age": int(ages(q.batch, q.rules.day)[row]), "minimum": _set(q.rules.age).minimum}


def _too_old(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"age": int(ages(q.batch, q.rules.day)[row]), "maximum": _set(q.rules.age).maximum}


def _status(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"status": EMPLOYMENT_STATUSES[q.batch.employment[row]]}


def _occupation(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"occupation": q.batch.occupation[int(row)]}


def _unfinished(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"course": _titles(q, (q.batch.taken - q.batch.taken.multiply(q.batch.finished))[row])}


def _unrated(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {
        "course": _titles(q, (q.batch.finished - q.batch.finished.multiply(q.batch.rated))[row])
    }


def _from(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": _date(q.catalogue.available_from[course])}


def _until(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {"date": _date(q.catalogue.available_until[course])}


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


def _prerequisite(q: Question, row: int, course: int) -> Evidence:
    needed = q.catalogue.prerequisites[course]
    return {"course": _titles(q, needed - needed.multiply(q.batch.finished[row]))}


def _education(q: Question, row: int, course: int) -> Evidence:
    least = _set(q.rules.minimum_education).education[LEVELS[q.catalogue.level[course]]]
    return {"education": least, "own": EDUCATIONS[q.batch.education[row]]}


def _reach(q: Question, row: int, course: int) -> Evidence:
    km = float(q.travel.of(np.array([row]), np.array([course]))[0])
    return {"km": round(km), "radius": round(float(q.radius_km[row]))}


def _nothing(q: Question, row: int, course: int) -> Evidence:  # noqa: ARG001
    return {}


def _set(rule: T | None) -> T:
    """Return the rule whose breach is reported; a check only fires where its rule is in force."""
    if rule is None:
        raise AssertionError("a reason was given for a rule that is not in force")
    return rule


def _titles(q: Question, row: Any) -> list[str]:
    titles = q.catalogue.table[Courses.title.name]
    return [titles[int(course)] for course in row.nonzero()[1]]


def _date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(day))


EVIDENCE: dict[Reason, Callable[[Question, int, int], Evidence]] = {
    Reason.TOO_YOUNG: _too_young,
    Reason.TOO_OLD: _too_old,
    Reason.STATUS_EXCLUDED: _status,
    Reason.OCCUPATION_EXCLUDED: _occupation,
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
    Reason.NO_SEATS_LEFT: _nothing,
    Reason.PLACE_UNKNOWN: _nothing,
    Reason.BALANCE_TOO_LOW: _balance,
    Reason.TAKEN_ALREADY: _nothing,
    Reason.PREREQUISITE_MISSING: _prerequisite,
    Reason.EDUCATION_TOO_LOW: _education,
    Reason.OWN_AREA_UNKNOWN: _nothing,
    Reason.OUT_OF_REACH: _reach,
}
