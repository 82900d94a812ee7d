"""Floors and ceilings at scale: a rate for each bound, found by bisection over auctions.

A rate lifts all who count for a bound alike; where many are alike, none or all of them get a seat by it. So each
round ends with a repair: as many as the bound asks for, those nearest to a seat, are held to it, and the rest
is decided by one more auction. The bound on what is possible is that of the rates, so the gap is certified.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recommender.matching.auction import Solution, Stop, find_surplus, hold_auction, never
from recommender.matching.problem import Bound, Problem, Seated
from recommender.matching.rates import add_rates, count_pairs, find_offset

ROUNDS = 40
FIRST_RATE = 0.1  # of the largest value


class UnmetError(ValueError):
    """No assignment was found that keeps the bounds, in the time there was."""


@dataclass
class _Bracket:
    """Between which rates the one of a bound is, and the last that was tried."""

    sign: int
    rate: float = 0.0
    low: float = 0.0
    high: float = field(default=np.inf)

    def move(self, lacking: bool, slack: bool, first: float) -> None:
        """Try more where the bound was broken, and less where it was kept with room to spare."""
        if lacking:
            if self.rate >= self.high:
                self.high = np.inf  # the other rates have changed
            self.low = self.rate
        elif slack and self.rate:
            if self.rate <= self.low:
                self.low = 0.0
            self.high = self.rate
        else:
            return
        wider = max(2 * self.low, first)
        self.rate = wider if np.isinf(self.high) else (self.low + self.high) / 2


def solve_bounded(problem: Problem, gap: float, stop: Stop = never) -> Solution:
    """Return an assignment that keeps the bounds, with its certified gap.

    Raises
    ------
    UnmetError
        If none was found.
    """
    if not problem.bounds:
        return hold_auction(problem, gap, stop)
    largest = float(problem.values.max(initial=0)) + float(problem.bonus.max(initial=0))
    brackets = [
        (_Bracket(1), _Bracket(-1))  # of the floor and of the ceiling
        for _ in problem.bounds
    ]
    best: Seated | None = None
    value, least = -np.inf, np.inf
    prices, told = np.zeros(len(problem.seats)), np.zeros(len(problem.bounds))
    for _ in range(ROUNDS):
        rates = np.array([floor.rate - ceiling.rate for floor, ceiling in brackets])
        found = hold_auction(add_rates(problem, rates), gap / 2, stop)
        bound = found.bound - find_offset(problem, rates)
        if bound < least:
            least, prices, told = bound, found.prices, rates
        for seated in (found.seated, _repair(problem, found, rates, gap, stop)):
            if problem.is_feasible(seated) and (worth := problem.measure_value(seated)) > value:
                best, value = seated, worth
        if best is not None and value >= (1 - gap) * least:
            break
        if stop():
            break
        for (floor, ceiling), one in zip(brackets, problem.bounds, strict=True):
            count = one.count(found.seated)
            floor.move(count < one.floor, count > one.floor, FIRST_RATE * largest)
            if one.ceiling is not None:
                ceiling.move(count > one.ceiling, count < one.ceiling, FIRST_RATE * largest)
    if best is None:
        raise UnmetError("no assignment was found that keeps every floor and ceiling")
    finished = value >= (1 - gap) * least or not stop()
    return Solution(best, prices, told, value, max(least, value), finished)


def _repair(
    problem: Problem, found: Solution, rates: NDArray[np.float64], gap: float, stop: Stop
) -> Seated:
    """Return an assignment in which as many as each bound asks for are held to it."""
    lifted = add_rates(problem, rates)
    allowed = np.ones(len(problem.classes), dtype=bool)
    seats = problem.seats.copy()
    for bound in problem.bounds:
        if bound.ceiling is not None:
            _limit(lifted, found, bound, bound.ceiling, allowed, seats)
    bonus = problem.bonus.copy()
    urgent = 2 * float(
        np.abs(lifted.values).max(initial=0) + np.abs(lifted.bonus).max(initial=0) + 1
    )
    for bound in problem.bounds:
        if bound.floor:
            inside = allowed & (count_pairs(problem, bound) > 0)
            held = _find_nearest(lifted, found, inside, bound.floor)
            bonus[held] += urgent
            if bound.classes is not None:
                allowed &= inside | ~np.isin(problem.people, held)
    return hold_auction(replace(problem, bonus=bonus).take(allowed, seats), gap / 2, stop).seated


def _limit(
    lifted: Problem,
    found: Solution,
    bound: Bound,
    ceiling: int,
    allowed: NDArray[np.bool_],
    seats: NDArray[np.int64],
) -> None:
    """Leave no more people, or seats, to a bound than its ceiling."""
    inside = count_pairs(lifted, bound) > 0
    if bound.people is not None:
        kept = _find_nearest(lifted, found, allowed & inside, ceiling)
        allowed &= ~inside | np.isin(lifted.people, kept)
        return
    counted = np.ones(len(seats), dtype=bool) if bound.classes is None else bound.classes
    used = np.bincount(found.seated[found.seated >= 0], minlength=len(seats))
    order = np.argsort(-found.prices, kind="stable")
    order = order[counted[order]]
    most = np.minimum(used[order], seats[order])
    given = np.diff(np.minimum(np.cumsum(most), ceiling), prepend=0)
    spare = ceiling - int(given.sum())
    more = np.diff(np.minimum(np.cumsum(seats[order] - given), spare), prepend=0)
    seats[order] = given + more


def _find_nearest(
    lifted: Problem, found: Solution, inside: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    """Return the people who lose least by a seat among some pairs: those who sit there first."""
    there = find_surplus(lifted.take(inside, lifted.seats), found.prices)
    best = np.maximum(find_surplus(lifted, found.prices), -lifted.bonus)
    may = np.flatnonzero(np.isfinite(there))
    loss = (best - there)[may]
    seated = np.zeros(len(lifted), dtype=bool)
    pairs = np.flatnonzero(inside & (lifted.classes == found.seated[lifted.people]))
    seated[lifted.people[pairs]] = True
    worth = there[may] + lifted.bonus[may]
    return may[np.lexsort((-worth, loss, ~seated[may]))[:count]]
