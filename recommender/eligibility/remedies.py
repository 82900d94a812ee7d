"""What would make a training possible, for each reason that can change while the rules hold.

A remedy that the rules forbid is none: a balance that cannot be topped up, a day after the last one, a
prerequisite that stays closed, a way longer than anybody is asked to go.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.evidence import exclusion_evidence, to_date
from recommender.eligibility.exclusions import Exclusion, list_exclusions
from recommender.eligibility.mask import find_exclusions
from recommender.eligibility.participant_rules import list_missing_prerequisites
from recommender.eligibility.query import EligibilityQuery
from training_data.programmes.rules import FARTHEST_KM

DATED = (Exclusion.TOO_YOUNG, Exclusion.NOT_YET_AVAILABLE, Exclusion.REGISTRATION_NOT_OPEN)


@dataclass(frozen=True)
class Remedy:
    """A change that takes a reason away: a code of the message files, and its numbers."""

    code: str
    evidence: dict[str, Any]


def find_remedy(query: EligibilityQuery, row: int, course: int, reason: Exclusion) -> Remedy | None:
    """Return what would take a reason away, None where nothing would that the rules permit."""
    if reason not in REMEDIES:
        return None
    return REMEDIES[reason](query, row, course)


def find_last_day(q: EligibilityQuery, row: int, course: int) -> dt.date:
    """Return the last day on which a person could buy a training, as far as is known today."""
    rules = q.rules
    days = [rules.last_day or dt.date.max]
    if (until := int(q.catalogue.available_until[course])) < FAR_FUTURE:
        days.append(to_date(until))
    if rules.age is not None and rules.age.maximum is not None and q.ages[row] >= 0:
        born = int(q.batch.facts.birth_year[row])
        days.append(dt.date(born + rules.age.maximum, 12, 31))
    past, admitted = q.batch.past, int(q.batch.admitted_on[row])
    if rules.first_purchase is not None and not past.has_bought[row] and admitted >= 0:
        days.append(to_date(admitted + rules.first_purchase.within_days))
    if rules.next_purchase is not None and past.finished_on[row] > 0:
        days.append(to_date(int(past.finished_on[row]) + rules.next_purchase.within_days))
    return min(days)


def _of_age(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    years = exclusion_evidence(q, row, course, Exclusion.TOO_YOUNG)["minimum"]
    day = dt.date(int(q.batch.facts.birth_year[row]) + years, 1, 1)
    return Remedy("too_young", {"date": day}) if day <= find_last_day(q, row, course) else None


def _when_the_day_comes(reason: Exclusion) -> Callable[[EligibilityQuery, int, int], Remedy | None]:
    def remedy(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
        numbers = exclusion_evidence(q, row, course, reason)
        possible = numbers["date"] <= find_last_day(q, row, course)
        return Remedy(reason.value, numbers) if possible else None

    return remedy


def _finished(q: EligibilityQuery, row: int, course: int) -> Remedy:
    """Name the day where the classes under way, or else the next ones, tell when all are over."""
    underway = (q.batch.past.taken - q.batch.past.taken.multiply(q.batch.past.finished))[
        row
    ].nonzero()[1]
    titles = exclusion_evidence(q, row, course, Exclusion.TRAINING_UNFINISHED)
    ends = [_end_of_class(q, int(taken)) for taken in underway]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return Remedy("training_unfinished", titles)
    last = max(known)
    return Remedy("training_ends", titles | {"date": to_date(last), "days": last - q.today})


def _end_of_class(q: EligibilityQuery, course: int) -> int | None:
    sessions = q.catalogue.sessions
    held = (
        (sessions.course == course)
        & (sessions.starts_on < FAR_FUTURE)
        & (sessions.ends_on >= q.today)
    )
    if not held.any():
        return None
    begun = held & (sessions.starts_on <= q.today)
    return int(sessions.ends_on[begun if begun.any() else held].min())


def _enough_balance(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    if not _may_top_up(q):
        return None
    needed = int(q.availability.from_balance[course])
    missing = needed - int(q.batch.balance[row])
    return Remedy("balance_too_low", {"price": needed, "missing": missing})


def _pay_the_rest(q: EligibilityQuery, row: int, course: int) -> Remedy | None:  # noqa: ARG001
    if not _may_top_up(q):
        return None
    ceiling = int(q.availability.price_ceiling[course])
    return Remedy(
        "above_price_ceiling", {"missing": int(q.availability.from_balance[course]) - ceiling}
    )


def _may_top_up(q: EligibilityQuery) -> bool:
    return q.rules.own_payment is not None and q.rules.own_payment.top_up


def _enough_days(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    numbers = exclusion_evidence(q, row, course, Exclusion.TOO_MANY_HOURS_A_DAY)
    days = math.ceil(numbers["hours"] / numbers["maximum"])
    rule = q.rules.class_dates
    if rule is not None and q.rules.day + dt.timedelta(days=days - 1) > rule.last_day:
        return None
    return Remedy("too_many_hours_a_day", {"days": days})


def _end_in_time(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    numbers = exclusion_evidence(q, row, course, Exclusion.CLASS_TOO_LATE)
    return Remedy("class_too_late", numbers) if numbers["date"] >= q.rules.day else None


def _after_its_prerequisites(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    """Name what is to be taken before, in an order, if all of it can be taken and paid."""
    order = _order_prerequisites(q, row, course)
    if order is None or not all(_can_be_finished(q, row, one, course) for one in order):
        return None
    bought = [one for one in order if not _is_taken(q, row, one)]
    price = int(q.availability.from_balance[[course, *bought]].sum())
    if price > int(q.batch.balance[row]) and not _may_top_up(q):
        return None
    return Remedy("prerequisite_missing", {"course": [q.catalogue.titles[one] for one in order]})


def _order_prerequisites(q: EligibilityQuery, row: int, course: int) -> list[int] | None:
    """Return all that is to be finished before a training, in an order; None where there is none."""
    needs: dict[int, set[int]] = {}
    waiting = [course]
    while waiting:
        here = waiting.pop()
        if q.catalogue.needs_unlisted[here]:
            return None
        if here not in needs:
            needs[here] = set(list_missing_prerequisites(q, row, here))
            waiting += needs[here]
    try:
        return list(TopologicalSorter(needs).static_order())[:-1]  # the last is the training itself
    except CycleError:
        return None


def _can_be_finished(q: EligibilityQuery, row: int, course: int, before: int) -> bool:
    """Whether a prerequisite is under way, or has no reason against it that nothing takes away in time."""
    if _is_taken(q, row, course):
        return True
    last_day = find_last_day(q, row, before)
    for reason in _list_reasons(q, row, course):
        if reason != Exclusion.PREREQUISITE_MISSING:
            remedy = find_remedy(q, row, course, reason)
            if remedy is None or (reason in DATED and remedy.evidence["date"] > last_day):
                return False
    return True


def _is_taken(q: EligibilityQuery, row: int, course: int) -> bool:
    return bool(q.batch.past.taken[row, course])


def _list_reasons(q: EligibilityQuery, row: int, course: int) -> list[Exclusion]:
    if row not in q.exclusions:
        q.exclusions[row] = find_exclusions(q, np.array([row]))[0]
    return list_exclusions(int(q.exclusions[row][course]))


def _go_so_far(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    numbers = exclusion_evidence(q, row, course, Exclusion.OUT_OF_REACH)
    farthest = FARTHEST_KM if q.rules.reach is None else q.rules.reach.farthest_km
    return Remedy("out_of_reach", numbers) if numbers["km"] <= farthest else None


def _with_the_same_numbers(reason: Exclusion) -> Callable[[EligibilityQuery, int, int], Remedy]:
    def remedy(q: EligibilityQuery, row: int, course: int) -> Remedy:
        return Remedy(reason.value, exclusion_evidence(q, row, course, reason))

    return remedy


REMEDIES: dict[Exclusion, Callable[[EligibilityQuery, int, int], Remedy | None]] = {
    Exclusion.TOO_YOUNG: _of_age,
    Exclusion.TRAINING_UNFINISHED: _finished,
    Exclusion.ABOVE_PRICE_CEILING: _pay_the_rest,
    Exclusion.CLASS_TOO_LATE: _end_in_time,
    Exclusion.TOO_MANY_HOURS_A_DAY: _enough_days,
    Exclusion.BALANCE_TOO_LOW: _enough_balance,
    Exclusion.PREREQUISITE_MISSING: _after_its_prerequisites,
    Exclusion.OUT_OF_REACH: _go_so_far,
    **{
        reason: _when_the_day_comes(reason)
        for reason in (Exclusion.NOT_YET_AVAILABLE, Exclusion.REGISTRATION_NOT_OPEN)
    },
    **{
        reason: _with_the_same_numbers(reason)
        for reason in (
            Exclusion.STATUS_EXCLUDED,
            Exclusion.OCCUPATION_EXCLUDED,
            Exclusion.TRAINING_UNRATED,
            Exclusion.REGISTRATION_CLOSED,
            Exclusion.NO_SEATS_LEFT,
            Exclusion.PLACE_UNKNOWN,
            Exclusion.EDUCATION_TOO_LOW,
            Exclusion.DEVICE_MISSING,
            Exclusion.CONNECTION_MISSING,
            Exclusion.OWN_AREA_UNKNOWN,
        )
    },
}
