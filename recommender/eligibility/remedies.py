"""What would make a training possible, for each reason that can change."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.evidence import date_of, evidence
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import Reason


@dataclass(frozen=True)
class Remedy:
    """A change that takes a reason away: a code of the message files, and its numbers."""

    code: str
    evidence: dict[str, Any]


def remedy(question: Question, row: int, course: int, reason: Reason) -> Remedy | None:
    """Return what would take a reason away, None where nothing would."""
    if reason not in REMEDIES:
        return None
    return REMEDIES[reason](question, row, course)


def _of_age(q: Question, row: int, course: int) -> Remedy:
    years = evidence(q, row, course, Reason.TOO_YOUNG)["minimum"]
    return Remedy("too_young", {"date": dt.date(int(q.batch.birth_year[row]) + years, 1, 1)})


def _finished(q: Question, row: int, course: int) -> Remedy:
    """Name the day where the classes under way, or else the next ones, tell when all are over."""
    underway = (q.batch.taken - q.batch.taken.multiply(q.batch.finished))[row].nonzero()[1]
    titles = evidence(q, row, course, Reason.TRAINING_UNFINISHED)
    ends = [_end_of_class(q, int(taken)) for taken in underway]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return Remedy("training_unfinished", titles)
    last = max(known)
    return Remedy("training_ends", titles | {"date": date_of(last), "days": last - q.today})


def _end_of_class(q: Question, course: int) -> int | None:
    places = q.catalogue.places
    held = (places.course == course) & (places.starts_on < FAR_FUTURE) & (places.ends_on >= q.today)
    if not held.any():
        return None
    begun = held & (places.starts_on <= q.today)
    return int(places.ends_on[begun if begun.any() else held].min())


def _enough_balance(q: Question, row: int, course: int) -> Remedy:
    numbers = evidence(q, row, course, Reason.BALANCE_TOO_LOW)
    missing = numbers["price"] - numbers["balance"]
    return Remedy("balance_too_low", {"price": numbers["price"], "missing": missing})


def _enough_days(q: Question, row: int, course: int) -> Remedy:
    numbers = evidence(q, row, course, Reason.TOO_MANY_HOURS_A_DAY)
    return Remedy(
        "too_many_hours_a_day", {"days": math.ceil(numbers["hours"] / numbers["maximum"])}
    )


def _with_the_same_numbers(reason: Reason) -> Callable[[Question, int, int], Remedy]:
    def found(q: Question, row: int, course: int) -> Remedy:
        return Remedy(reason.value, evidence(q, row, course, reason))

    return found


REMEDIES: dict[Reason, Callable[[Question, int, int], Remedy]] = {
    Reason.TOO_YOUNG: _of_age,
    Reason.TRAINING_UNFINISHED: _finished,
    Reason.BALANCE_TOO_LOW: _enough_balance,
    Reason.TOO_MANY_HOURS_A_DAY: _enough_days,
} | {
    reason: _with_the_same_numbers(reason)
    for reason in (
        Reason.STATUS_EXCLUDED,
        Reason.OCCUPATION_EXCLUDED,
        Reason.TRAINING_UNRATED,
        Reason.NOT_YET_AVAILABLE,
        Reason.REGISTRATION_CLOSED,
        Reason.REGISTRATION_NOT_OPEN,
        Reason.CLASS_TOO_LATE,
        Reason.NO_SEATS_LEFT,
        Reason.PLACE_UNKNOWN,
        Reason.PREREQUISITE_MISSING,
        Reason.EDUCATION_TOO_LOW,
        Reason.DEVICE_MISSING,
        Reason.CONNECTION_MISSING,
        Reason.OWN_AREA_UNKNOWN,
        Reason.OUT_OF_REACH,
    )
}
