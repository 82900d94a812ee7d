"""The decision: whether the floors can be kept, who sits where, and why others do not."""

from __future__ import annotations

import time

import numpy as np

from recommender.matching.allocation import Aim, Allocation
from recommender.matching.auction import Stop, never
from recommender.matching.bounded import UnmetError
from recommender.matching.case import Case
from recommender.matching.feasibility import find_relaxations
from recommender.matching.outcome import Outcome, describe
from recommender.matching.rounds import allocate_rounds
from recommender.matching.settings import AllocateSettings
from recommender.matching.stable import seat_by_choices
from recommender.matching.watch import UNWATCHED, Watch


def check_floors(case: Case) -> None:
    """Hold the floors to what can be kept, before a seat is given.

    Raises
    ------
    UnmetError
        If some cannot be kept; the message has a line for each, with what could.
    """
    relaxations = find_relaxations(case.open)
    if relaxations:
        raise UnmetError("\n".join(map(str, relaxations)))


def decide(case: Case, settings: AllocateSettings, watch: Watch = UNWATCHED) -> Outcome:
    """Give seats to people, and return what came of it; the same for the command and the service.

    Raises
    ------
    UnmetError
        If the floors and ceilings cannot be kept.
    """
    watch.tell("floors", 0.0)
    check_floors(case)
    watch.tell("seats", 0.0)
    end = np.inf if settings.seconds is None else time.monotonic() + settings.seconds
    found = solve(case, settings.aim, lambda: watch.stop() or time.monotonic() > end)
    return describe(case, found)


def solve(case: Case, aim: Aim, stop: Stop = never) -> Allocation:
    """Give seats to people: by prices, or by their choices where the case has them."""
    if case.choices is None:
        return allocate_rounds(case.problem, aim, case.tiers, case.fixed, case.limits, stop)
    fixed = case.fixed[:, 0]
    seated = seat_by_choices(case.problem, case.choices, case.tiers, fixed)
    newly = np.where(fixed >= 0, -1, seated).astype(np.int32)
    value = case.problem.measure_value(newly)
    with_choice = (np.diff(case.problem.starts) > 0) | (fixed >= 0)
    return Allocation(
        seated,
        np.zeros(len(case.problem.seats)),
        np.zeros(len(case.problem.bounds)),
        value,
        value,
        min(int(with_choice.sum()), int(case.problem.seats.sum())),
        finished=True,
    )
