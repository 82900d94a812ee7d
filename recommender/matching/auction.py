"""One price a class, found by auction, and how far from the best it can be at most.

Each unseated person bids for the class that is worth most at its price: what the next best would be worth less,
and a step; who is outbid bids again. At the end nobody would gain more than a step by another class, so all are
together within a step a person of the best (Bertsekas and Castanon 1989, for classes with many like seats). Any
prices give an upper bound of what is possible, so the gap to it is certified, whatever happened on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.kernels.auction import bid, surplus
from recommender.matching.problem import Problem, Seated

FIRST_STEP = 0.02  # of the largest value, of the first auction
FINER = 4.0  # times at most, from one auction to the next
SAFE = 0.7  # of the step by which the gap, which goes with it, would just be reached
FINEST = 1e-6  # of the largest value: the last step
BIDS_AT_ONCE = 2_000_000

Stop = Callable[[], bool]
"""Asked now and then whether to end with what there is."""


def never() -> bool:
    """Go on to the end."""
    return False


@dataclass(frozen=True)
class Solution:
    """An assignment, prices, and what no assignment can exceed.

    Attributes
    ----------
    seated : ndarray of int32, shape (P,)
        Class of each person, -1 for none.
    prices : ndarray of float64, shape (K,)
    rates : ndarray of float64, shape (number of bounds,)
        What one person more who counts for a bound is worth: above 0 where a floor binds, below where a ceiling.
    value, bound : float
        What the assignment is worth, and the most that any can be worth.
    finished : bool
        False where it was stopped before.
    """

    seated: Seated
    prices: NDArray[np.float64]
    rates: NDArray[np.float64]
    value: float
    bound: float
    finished: bool = True

    @property
    def gap(self) -> float:
        """The certified share of the bound that is missing."""
        return 0.0 if self.bound <= 0 else max(0.0, (self.bound - self.value) / self.bound)


def find_surplus(problem: Problem, prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the most that each person's classes fit beyond their prices, (P,); -inf for who has none."""
    most = np.empty(len(problem))
    surplus(problem.starts, problem.classes, problem.values, prices, most)
    return most


def bound_value(problem: Problem, prices: NDArray[np.float64]) -> float:
    """Return what no assignment within the seats can be worth more than, by any prices of at least 0."""
    gains = np.maximum(find_surplus(problem, prices) + problem.bonus, 0)
    return float(prices @ problem.seats + gains.sum())


def hold_auction(problem: Problem, gap: float, stop: Stop = never) -> Solution:
    """Seat people, bounds left aside, until the gap is certified: each auction with finer steps than the last.

    Parameters
    ----------
    gap : float
        Share of what is possible that may be missing.
    """
    none = np.zeros(len(problem.bounds))
    if not len(problem.classes):
        seats = np.full(len(problem), -1, dtype=np.int32)
        return Solution(seats, np.zeros(len(problem.seats)), none, 0.0, 0.0)
    largest = float(problem.values.max()) + max(float(problem.bonus.max()), 0.0)
    step, best = FIRST_STEP * largest, None
    least, tightest = np.inf, np.zeros(len(problem.seats))
    while True:
        seated, prices, finished = _hold_once(problem, step, stop)
        bound = bound_value(problem, prices)
        if bound < least:
            least, tightest = bound, prices
        value = problem.measure_value(seated)
        if best is None or value > best.value:
            best = Solution(seated, prices, none, value, least, finished)
        best = replace(best, prices=tightest, bound=least, finished=finished)
        if best.gap <= gap:
            return replace(best, finished=True)
        if not finished or step <= FINEST * largest:
            return best
        step *= min(max(SAFE * gap / best.gap, 1 / FINER), SAFE)


def _hold_once(
    problem: Problem, step: float, stop: Stop
) -> tuple[Seated, NDArray[np.float64], bool]:
    """Hold one auction from prices of 0; whether it came to its end is the last that is returned."""
    wanted = np.bincount(problem.classes, minlength=len(problem.seats))
    seats = np.minimum(problem.seats, wanted)
    starts = np.concatenate([[0], np.cumsum(seats)]).astype(np.int64)
    prices = np.zeros(len(seats))
    seated = np.full(len(problem), -1, dtype=np.int32)
    bids, holders = np.zeros(starts[-1]), np.full(starts[-1], -1, dtype=np.int32)
    taken = np.zeros(len(seats), dtype=np.int64)
    waiting = np.arange(len(problem), dtype=np.int32)[::-1].copy()
    left = len(waiting)
    while left and not stop():
        left = bid(
            problem.starts,
            problem.classes,
            problem.values,
            problem.bonus,
            starts,
            step,
            prices,
            seated,
            bids,
            holders,
            taken,
            waiting,
            left,
            BIDS_AT_ONCE,
        )
    # A class with more seats than people who may sit there is never full.
    return seated, np.where(wanted < problem.seats, 0.0, prices), not left
