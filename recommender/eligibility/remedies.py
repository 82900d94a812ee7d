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
from numpy.typing import NDArray

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.calendar import find_class_ends
from recommender.eligibility.evidence import exclusion_evidence, to_date
from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions
from recommender.eligibility.participant_rules import list_missing_prerequisites
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.travel import measure_km
from recommender.participants.batch import UNKNOWN_DAY
from training_data.columns import MODES
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


def find_closing_day(q: EligibilityQuery, row: int, course: int) -> dt.date:
    """Return the last day on which a person could buy a training, whenever another was bought or finished."""
    rules = q.rules
    days = [rules.last_day or dt.date.max]
    if (until := int(q.catalogue.available_until[course])) < FAR_FUTURE:
        days.append(to_date(until))
    if rules.age is not None and rules.age.maximum is not None and q.ages[row] >= 0:
        born = int(q.batch.facts.birth_year[row])
        days.append(dt.date(born + rules.age.maximum, 12, 31))
    if rules.class_dates is not None and (q.catalogue.sessions.course == course).any():
        days.append(rules.class_dates.last_day)
    if rules.graduation is not None and q.batch.facts.graduated_on[row] != UNKNOWN_DAY:
        days.append(rules.graduation.last_day(to_date(q.batch.facts.graduated_on[row])))
    return min(days)


def find_last_day(q: EligibilityQuery, row: int, course: int) -> dt.date:
    """Return the last day on which a person could buy a training, as far as is known today."""
    rules, days = q.rules, [find_closing_day(q, row, course)]
    past, admitted = q.batch.past, int(q.batch.admitted_on[row])
    if rules.first_purchase is not None and not past.has_bought[row] and admitted >= 0:
        days.append(to_date(admitted + rules.first_purchase.within_days))
    if rules.next_purchase is not None:
        finish = int(past.finished_on[row])
        if len(underway := _list_underway(q, row)):
            finish = max(q.today, int(find_class_ends(q.availability)[underway].max()))
        if finish > 0:
            days.append(to_date(finish + rules.next_purchase.within_days))
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


def _registration_opens(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    """Name the day, unless all the classes that will open are farther than anybody is asked to go."""
    if q.catalogue.face_to_face[course]:
        rows = q.availability.stages["not_closed"] & (q.catalogue.sessions.course == course)
        places = q.catalogue.sessions.location.take(rows)
        km = measure_km(q.batch.home.take([row]), places, q.catalogue.regions, q.rules.reach)
        known = ~np.isinf(km)
        if known.all() and km.min() > max(_farthest_km(q), float(q.radius_km[row])):
            return None
    return _when_the_day_comes(Exclusion.REGISTRATION_NOT_OPEN)(q, row, course)


def _finished(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    """Name the day where the classes under way, or else the next ones, tell when all are over."""
    if q.rules.once is not None:
        return None
    titles = exclusion_evidence(q, row, course, Exclusion.TRAINING_UNFINISHED)
    ends = find_class_ends(q.availability)[_list_underway(q, row)]
    if ends.min() < 0:
        return Remedy("training_unfinished", titles)
    last = int(ends.max())
    return Remedy("training_ends", titles | {"date": to_date(last), "days": last - q.today})


def _list_underway(q: EligibilityQuery, row: int) -> NDArray[np.int32]:
    """Return the trainings that a person has not finished."""
    past = q.batch.past
    return np.setdiff1d(past.taken[row].indices, past.finished[row].indices)


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
    return Remedy("too_many_hours_a_day", {"days": days}) if _is_time_left(q, course) else None


def _another_class(reason: Exclusion) -> Callable[[EligibilityQuery, int, int], Remedy | None]:
    def remedy(q: EligibilityQuery, row: int, course: int) -> Remedy | None:  # noqa: ARG001
        return Remedy(reason.value, {}) if _is_time_left(q, course) else None

    return remedy


def _end_in_time(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    numbers = exclusion_evidence(q, row, course, Exclusion.CLASS_TOO_LATE)
    return Remedy("class_too_late", numbers) if _is_time_left(q, course) else None


def _is_time_left(q: EligibilityQuery, course: int) -> bool:
    """Whether a class that starts today could teach its hours before the last day of all classes."""
    if q.rules.class_dates is None:
        return True
    per_day, hours = q.rules.hours_per_day, float(q.catalogue.duration_hours[course])
    most = (
        math.inf
        if per_day is None
        else per_day.hours.get(MODES[q.catalogue.mode[course]], math.inf)
    )
    days = 1 if math.isnan(hours) else max(1, math.ceil(hours / most))
    return q.rules.day + dt.timedelta(days=days - 1) <= q.rules.class_dates.last_day


def _after_its_prerequisites(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    """Name what is to be taken before, in an order, if all of it can be taken and paid."""
    order = _order_prerequisites(q, row, course)
    if order is None or not all(_can_be_finished(q, row, one, course) for one in order):
        return None
    bought = [one for one in order if not _is_taken(q, row, one)]
    if not _may_take_so_many(q, row, len(bought)):
        return None
    price = int(q.availability.from_balance[[course, *bought]].sum())
    if price > int(q.batch.balance[row]) and not _may_top_up(q):
        return None
    return Remedy("prerequisite_missing", {"course": [q.catalogue.titles[one] for one in order]})


def _may_take_so_many(q: EligibilityQuery, row: int, before: int) -> bool:
    """Whether the rules let a person take some trainings and one more."""
    if q.rules.once is not None:
        return False
    most = q.rules.choices.most if q.rules.choices is not None else math.inf
    taken = len(q.batch.past.taken[row].indices)
    return taken + before < most


def _order_prerequisites(q: EligibilityQuery, row: int, course: int) -> list[int] | None:
    """Return all that is to be finished before a training, in an order; None where there is none."""
    needs: dict[int, set[int]] = {}
    waiting = [course]
    while waiting:
        here = waiting.pop()
        if q.catalogue.needs_unknown[here]:
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
    return bool(q.taken[row, course])


def _list_reasons(q: EligibilityQuery, row: int, course: int) -> list[Exclusion]:
    if row not in q.exclusions:
        q.exclusions[row] = find_exclusions(q, np.array([row]))[0]
    return list_exclusions(int(q.exclusions[row][course]))


def _go_so_far(q: EligibilityQuery, row: int, course: int) -> Remedy | None:
    numbers = exclusion_evidence(q, row, course, Exclusion.OUT_OF_REACH)
    return Remedy("out_of_reach", numbers) if numbers["km"] <= _farthest_km(q) else None


def _farthest_km(q: EligibilityQuery) -> float:
    return FARTHEST_KM if q.rules.reach is None else q.rules.reach.farthest_km


def _with_the_same_numbers(reason: Exclusion) -> Callable[[EligibilityQuery, int, int], Remedy]:
    def remedy(q: EligibilityQuery, row: int, course: int) -> Remedy:
        return Remedy(reason.value, exclusion_evidence(q, row, course, reason))

    return remedy


REMEDIES: dict[Exclusion, Callable[[EligibilityQuery, int, int], Remedy | None]] = {
    Exclusion.TOO_YOUNG: _of_age,
    Exclusion.TRAINING_UNFINISHED: _finished,
    Exclusion.ABOVE_PRICE_CEILING: _pay_the_rest,
    Exclusion.REGISTRATION_CLOSED: _another_class(Exclusion.REGISTRATION_CLOSED),
    Exclusion.NO_SEATS_LEFT: _another_class(Exclusion.NO_SEATS_LEFT),
    Exclusion.CLASS_TOO_LATE: _end_in_time,
    Exclusion.TOO_MANY_HOURS_A_DAY: _enough_days,
    Exclusion.BALANCE_TOO_LOW: _enough_balance,
    Exclusion.PREREQUISITE_MISSING: _after_its_prerequisites,
    Exclusion.OUT_OF_REACH: _go_so_far,
    Exclusion.NOT_YET_AVAILABLE: _when_the_day_comes(Exclusion.NOT_YET_AVAILABLE),
    Exclusion.REGISTRATION_NOT_OPEN: _registration_opens,
    **{
        reason: _with_the_same_numbers(reason)
        for reason in (
            Exclusion.STATUS_EXCLUDED,
            Exclusion.OCCUPATION_EXCLUDED,
            Exclusion.TRAINING_UNRATED,
            Exclusion.PLACE_UNKNOWN,
            Exclusion.EDUCATION_TOO_LOW,
            Exclusion.DEVICE_MISSING,
            Exclusion.CONNECTION_MISSING,
            Exclusion.OWN_AREA_UNKNOWN,
        )
    },
}
