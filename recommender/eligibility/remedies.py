"""What would make a training possible, for each reason that can change."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recommender.eligibility.calendar import find_class_ends
from recommender.eligibility.evidence import exclusion_evidence, to_date
from recommender.eligibility.exclusions import Exclusion
from recommender.eligibility.query import EligibilityQuery


@dataclass(frozen=True)
class Remedy:
    """A change that takes a reason away: a code of the message files, and its numbers."""

    code: str
    evidence: dict[str, Any]


def find_remedy(query: EligibilityQuery, row: int, course: int, reason: Exclusion) -> Remedy | None:
    """Return what would take a reason away, None where nothing would."""
    if reason not in REMEDIES:
        return None
    return REMEDIES[reason](query, row, course)


def _of_age(q: EligibilityQuery, row: int, course: int) -> Remedy:
    years = exclusion_evidence(q, row, course, Exclusion.TOO_YOUNG)["minimum"]
    return Remedy("too_young", {"date": dt.date(int(q.batch.facts.birth_year[row]) + years, 1, 1)})


def _finished(q: EligibilityQuery, row: int, course: int) -> Remedy:
    """Name the day where the classes under way, or else the next ones, tell when all are over."""
    underway = (q.batch.past.taken - q.batch.past.taken.multiply(q.batch.past.finished))[
        row
    ].nonzero()[1]
    titles = exclusion_evidence(q, row, course, Exclusion.TRAINING_UNFINISHED)
    ends = find_class_ends(q.availability)[underway]
    if ends.min() < 0:
        return Remedy("training_unfinished", titles)
    last = int(ends.max())
    return Remedy("training_ends", titles | {"date": to_date(last), "days": last - q.today})


def _enough_balance(q: EligibilityQuery, row: int, course: int) -> Remedy:
    numbers = exclusion_evidence(q, row, course, Exclusion.BALANCE_TOO_LOW)
    missing = numbers["price"] - numbers["balance"]
    return Remedy("balance_too_low", {"price": numbers["price"], "missing": missing})


def _enough_days(q: EligibilityQuery, row: int, course: int) -> Remedy:
    numbers = exclusion_evidence(q, row, course, Exclusion.TOO_MANY_HOURS_A_DAY)
    return Remedy(
        "too_many_hours_a_day", {"days": math.ceil(numbers["hours"] / numbers["maximum"])}
    )


def _with_the_same_numbers(reason: Exclusion) -> Callable[[EligibilityQuery, int, int], Remedy]:
    def remedy(q: EligibilityQuery, row: int, course: int) -> Remedy:
        return Remedy(reason.value, exclusion_evidence(q, row, course, reason))

    return remedy


REMEDIES: dict[Exclusion, Callable[[EligibilityQuery, int, int], Remedy]] = {
    Exclusion.TOO_YOUNG: _of_age,
    Exclusion.TRAINING_UNFINISHED: _finished,
    Exclusion.BALANCE_TOO_LOW: _enough_balance,
    Exclusion.TOO_MANY_HOURS_A_DAY: _enough_days,
} | {
    reason: _with_the_same_numbers(reason)
    for reason in (
        Exclusion.STATUS_EXCLUDED,
        Exclusion.OCCUPATION_EXCLUDED,
        Exclusion.TRAINING_UNRATED,
        Exclusion.NOT_YET_AVAILABLE,
        Exclusion.REGISTRATION_CLOSED,
        Exclusion.REGISTRATION_NOT_OPEN,
        Exclusion.CLASS_TOO_LATE,
        Exclusion.NO_SEATS_LEFT,
        Exclusion.PLACE_UNKNOWN,
        Exclusion.PREREQUISITE_MISSING,
        Exclusion.EDUCATION_TOO_LOW,
        Exclusion.DEVICE_MISSING,
        Exclusion.CONNECTION_MISSING,
        Exclusion.OWN_AREA_UNKNOWN,
        Exclusion.OUT_OF_REACH,
    )
}
