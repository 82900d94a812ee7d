"""People who arrive day by day: seats are given each day with an eye to who is still to come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.matching.auction import hold_auction
from recommender.matching.problem import Problem, Seated


def seat_day(today: Problem, future: Problem, gap: float = 0.01) -> Seated:
    """Return who of today's people sits where, so that those to come find what fits them, too.

    Seats go as if today's people and a simulated future stood before them together: the prices of the future keep
    from today what is worth more later.

    Parameters
    ----------
    today, future : Problem
        With the same classes; the seats that are left are today's.
    """
    return hold_auction(_join(today, future), gap).seated[: len(today)]


def take_people(problem: Problem, first: int, last: int) -> Problem:
    """Return the problem of people ``first`` to ``last``, without its bounds."""
    pairs = slice(problem.starts[first], problem.starts[last])
    return replace(
        problem,
        starts=problem.starts[first : last + 1] - problem.starts[first],
        classes=problem.classes[pairs],
        values=problem.values[pairs],
        bonus=problem.bonus[first:last],
        bounds=(),
    )


def _join(today: Problem, future: Problem) -> Problem:
    joined = replace(
        today,
        starts=np.concatenate([today.starts, today.starts[-1] + future.starts[1:]]),
        classes=np.concatenate([today.classes, future.classes]),
        values=np.concatenate([today.values, future.values]),
        bonus=np.concatenate([today.bonus, future.bonus]),
        bounds=(),
    )
    return joined.take(np.ones(len(joined.classes), dtype=bool), today.seats)
