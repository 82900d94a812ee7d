"""How many trainings can be taken, and when one after the other: bought, begun and over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.calendar import count_study_days
from recommender.eligibility.evidence import to_date
from recommender.eligibility.next_class import find_next_classes
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.remedies import find_closing_day


class Slot(NamedTuple):
    """Days since 1970-01-01."""

    buy_on: int
    starts_on: int
    ends_on: int


def count_permitted(query: EligibilityQuery) -> NDArray[np.int64]:
    """Return how many trainings each person (B,) may take from now on by the rules, those under way beside."""
    rules = query.rules
    most = np.full(len(query.batch), len(query.catalogue), dtype=np.int64)
    if rules.choices is not None:
        most = rules.choices.most - np.diff(query.batch.past.taken.indptr).astype(np.int64)
    return most if rules.once is None else np.minimum(most, 1)


def find_slots(query: EligibilityQuery, courses: Sequence[int], ready: int) -> list[Slot] | None:
    """Return when one person takes trainings in this order; None where they cannot all be taken so.

    Each is bought on the day after the one before is over, while its registration is open, and begins after that.

    Parameters
    ----------
    query : EligibilityQuery
        Of one person.
    ready : int
        The first day on which the first can be bought.
    """
    slots: list[Slot] = []
    for course in courses:
        slot = _find_slot(query, course, ready)
        if slot is None:
            return None
        slots.append(slot)
        ready = slot.ends_on + 1
    return slots


def _find_slot(query: EligibilityQuery, course: int, ready: int) -> Slot | None:
    if to_date(ready) > find_closing_day(query, 0, course):
        return None
    one = np.array([course], dtype=np.int32)
    (session,), _, _ = find_next_classes(query, np.array([0]), one, np.array([ready]))
    sessions = query.catalogue.sessions
    if session >= 0 and sessions.starts_on[session] < FAR_FUTURE:
        starts, ends = int(sessions.starts_on[session]), int(sessions.ends_on[session])
        in_time = ready <= min(starts, int(query.availability.registration_closes[session]))
        return Slot(ready, starts, ends) if in_time else None
    if session < 0 and (sessions.course == course).any():
        return None  # its classes can no longer be entered by then
    return Slot(ready, ready, ready + int(count_study_days(query.availability)[course]) - 1)
