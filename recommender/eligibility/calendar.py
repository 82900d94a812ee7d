"""When trainings can be entered and are over: by the dates of their classes, else by their hours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.query import EligibilityQuery
from training_data.columns import MODES

HOURS_A_DAY = 3.0  # of those who learn on their own: as many as programmes count a day online


def count_study_days(availability: Availability) -> NDArray[np.int64]:
    """Return the days (N,) that the hours of each training take; 1 where they are not known."""
    rule = availability.rules.hours_per_day
    of_mode = [HOURS_A_DAY if rule is None else rule.hours.get(mode, HOURS_A_DAY) for mode in MODES]
    hours = np.nan_to_num(availability.catalogue.duration_hours)
    days: NDArray[np.int64] = np.ceil(hours / np.array(of_mode)[availability.catalogue.mode])
    return np.maximum(days, 1).astype(np.int64)


def find_last_entries(availability: Availability) -> NDArray[np.int64]:
    """Return the last day (N,) on which each training that is open today can be bought."""
    sessions = availability.catalogue.sessions
    last = np.full(len(availability.catalogue), FAR_FUTURE, dtype=np.int64)
    last[sessions.course] = -1
    open_ = availability.stages["open"]
    np.maximum.at(last, sessions.course[open_], availability.registration_closes[open_])
    return np.minimum(last, availability.catalogue.available_until)


def find_class_ends(availability: Availability) -> NDArray[np.int64]:
    """Return the day (N,) on which the class under way ends, or else the next one; -1 where none is dated."""
    sessions, today = availability.catalogue.sessions, availability.today
    held = (sessions.starts_on < FAR_FUTURE) & (sessions.ends_on >= today)
    ends = np.full(len(availability.catalogue), -1, dtype=np.int64)
    for some in (
        held,
        held & (sessions.starts_on <= today),
    ):  # the latter takes the place of the former
        first = np.full(len(ends), FAR_FUTURE, dtype=np.int64)
        np.minimum.at(first, sessions.course[some], sessions.ends_on[some])
        ends = np.where(first < FAR_FUTURE, first, ends)
    return ends


def find_ready_days(query: EligibilityQuery) -> NDArray[np.int64]:
    """Return the first day (B,) on which each person can buy: today, or after the training under way.

    Where no class of that is dated, its hours are counted from today.
    """
    ready = np.full(len(query.batch), query.today, dtype=np.int64)
    past = query.batch.past
    if query.rules.one_at_a_time is None or not past.taken.nnz:
        return ready
    people, courses = (past.taken - past.taken.multiply(past.finished)).nonzero()
    ends = find_class_ends(query.availability)
    ends = np.where(ends >= 0, ends, query.today + count_study_days(query.availability) - 1)
    np.maximum.at(ready, people, ends[courses] + 1)
    return ready
