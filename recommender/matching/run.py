"""The decision: whether the floors can be kept, who sits where, and why others do not."""

from __future__ import annotations

import time

import numpy as np

from recommender.matching.allocation import Allocation, allocate
from recommender.matching.bounded import UnmetError
from recommender.matching.case import Case
from recommender.matching.feasibility import find_relaxations
from recommender.matching.outcome import Outcome, describe
from recommender.matching.settings import AllocateSettings
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
    return describe(case, _solve(case, settings, watch))


def _solve(case: Case, settings: AllocateSettings, watch: Watch) -> Allocation:
    """Give seats to people, within the time of the settings."""
    end = np.inf if settings.seconds is None else time.monotonic() + settings.seconds
    return allocate(
        case.problem,
        settings.aim,
        tiers=case.tiers,
        fixed=case.fixed,
        stop=lambda: watch.stop() or time.monotonic() > end,
    )
