"""Seats for people: who has one already first, then tier by tier, the best for each within the bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recommender.matching.auction import Solution, Stop, bound_value, never
from recommender.matching.bounded import UnmetError, solve_bounded
from recommender.matching.exact import InfeasibleError, solve_exactly
from recommender.matching.prices import price_full_classes, take_person_out
from recommender.matching.problem import Problem, Seated
from recommender.matching.ties import settle_ties

Objective = Literal["fit", "people", "choices"]
Method = Literal["auto", "exact", "auction"]

FEW_PAIRS = 5_000  # up to here HiGHS is asked: first, or where auctions leave more than the gap
MOST_PAIRS = 50_000  # beyond which HiGHS is not asked, though it was asked for
PERSON = 10.0  # a person served more, in largest fits; to HiGHS it goes before all fit together


@dataclass(frozen=True)
class Aim:
    """What the best assignment is, how near to it, and how it is found.

    Attributes
    ----------
    objective : str
        The largest sum of fits; the most people served and then the largest sum; or by lists of choices, which
        `recommender.matching.stable` answers.
    gap : float
        Share of what is possible that may be missing.
    method : str
        By HiGHS, by auction, or by the one that suits the size.
    """

    objective: Objective = "fit"
    gap: float = 0.01
    method: Method = "auto"


@dataclass(frozen=True)
class Allocation:
    """An assignment, and what is known of it.

    Attributes
    ----------
    seated : ndarray of int32, shape (P,)
        Class of each person, -1 for none.
    prices : ndarray of float64, shape (K,)
        Of a seat of each class in fit, to the tier that it is worth most to.
    rates : ndarray of float64, shape (number of bounds,)
        The fit that one person less in each floor would give back, below 0 for one more in a ceiling.
    value, bound : float
        What the assignment is worth by the objective, and the most that any could be worth.
    most_people : int
        No assignment serves more, whatever the fit.
    finished : bool
        False where it was stopped before the gap was reached: the best so far.
    later : tuple of ndarray of int32, shape (P,)
        The second class of each person, the third, and so on; -1 for none.
    """

    seated: Seated
    prices: NDArray[np.float64]
    rates: NDArray[np.float64]
    value: float
    bound: float
    most_people: int
    finished: bool
    later: tuple[Seated, ...] = ()

    @property
    def gap(self) -> float:
        """The certified share of the bound that is missing."""
        return 0.0 if self.bound <= 0 else max(0.0, (self.bound - self.value) / self.bound)


def allocate(
    problem: Problem,
    aim: Aim = Aim(),
    *,
    tiers: NDArray[np.integer] | None = None,
    fixed: Seated | None = None,
    stop: Stop = never,
) -> Allocation:
    """Seat people.

    Parameters
    ----------
    problem : Problem
        Its bonuses are beside those of the objective.
    tiers : ndarray of int, shape (P,), optional
        Who comes first: a later tier has what an earlier one leaves.
    fixed : ndarray of int32, shape (P,), optional
        The class of each who keeps it, -1 for the others.

    Raises
    ------
    UnmetError
        If the bounds cannot be kept, or in the time there was no such assignment was found.
    """
    tiers = np.zeros(len(problem), dtype=np.int64) if tiers is None else tiers
    seated = np.full(len(problem), -1, dtype=np.int32) if fixed is None else fixed.copy()
    kept = seated.copy()
    exact = _is_exact(problem, aim)
    largest = float(problem.values.max(initial=0)) or 1.0
    person = largest * (len(problem) + 1 if exact else PERSON)
    if aim.objective == "people":
        problem = replace(problem, bonus=problem.bonus + person)
    open_ = take_open(problem, kept)
    value = bound = 0.0
    none = np.zeros(len(problem.seats))
    most, finished = min(_bound_people(open_, none), _bound_people(open_, none + 1)), True
    prices, rates = none, np.zeros(len(problem.bounds))
    for tier in np.unique(tiers):
        now = (kept < 0) & (tiers == tier)
        part = _take_tier(problem, now, seated)
        after = (kept < 0) & (tiers > tier)
        whole = _add_later(problem, part, now, after, seated) if after.any() else part
        solution = _solve(whole, aim, exact, stop)
        newly = settle_ties(part, np.where(now, solution.seated, -1).astype(np.int32))
        seated = np.where(newly >= 0, newly, seated).astype(np.int32)
        value, bound = value + solution.value, bound + solution.bound
        finished &= solution.finished
        full = price_full_classes(problem, part, now, solution)
        most = min(most, _bound_people(open_, full / person), _bound_people(open_, full > 0))
        if aim.objective == "people":
            full = take_person_out(full, person)
        prices, rates = np.maximum(prices, full), solution.rates
    most += int((kept >= 0).sum())
    return Allocation(seated, prices, rates, value, bound, most, finished)


def _is_exact(problem: Problem, aim: Aim) -> bool:
    if aim.method == "auto":
        return len(problem.classes) <= FEW_PAIRS
    return aim.method == "exact"


def _solve(problem: Problem, aim: Aim, exact: bool, stop: Stop) -> Solution:
    small = len(problem.classes) <= FEW_PAIRS
    found = None
    if not exact:
        try:
            found = solve_bounded(problem, aim.gap, stop)
        except UnmetError:
            if not small:
                raise
        if found is not None and (found.gap <= aim.gap or not small or not found.finished):
            return found
    proven = aim.method == "exact" or aim.objective == "people"
    try:
        best = solve_exactly(problem, 0.0 if proven else aim.gap, stop)
    except InfeasibleError as error:
        if found is not None:
            return replace(found, finished=False)
        raise UnmetError(str(error)) from error
    return best if found is None or best.value >= found.value else replace(found, finished=False)


def take_open(problem: Problem, fixed: Seated) -> Problem:
    """Return what is left to decide where some have their seats: the others, with what they leave."""
    return _take_tier(problem, fixed < 0, fixed)


def _take_tier(problem: Problem, now: NDArray[np.bool_], seated: Seated) -> Problem:
    """Return the problem of some people, with the seats and bounds that are left to them."""
    used = np.bincount(seated[seated >= 0], minlength=len(problem.seats))
    bounds = tuple(
        replace(
            bound,
            floor=max(0, bound.floor - bound.count(seated)),
            ceiling=None if bound.ceiling is None else max(0, bound.ceiling - bound.count(seated)),
        )
        for bound in problem.bounds
    )
    left = np.maximum(problem.seats - used, 0)
    return replace(problem.take(now[problem.people], left), bounds=bounds)


def _add_later(
    problem: Problem,
    part: Problem,
    now: NDArray[np.bool_],
    after: NDArray[np.bool_],
    seated: Seated,
) -> Problem:
    """Return the problem of a tier with the later ones, which are worth nothing but count for the floors.

    So a tier takes no seat without which a floor could not be kept, and fills a floor only as far as others cannot.
    """
    if not any(bound.floor for bound in part.bounds):
        return part
    whole = _take_tier(problem, now | after, seated)
    values = np.where(after[whole.people], np.float32(0), whole.values)
    return replace(whole, values=values, bonus=np.where(after, 0, whole.bonus))


def _bound_people(problem: Problem, prices: NDArray[Any]) -> int:
    """Return how many people can be served at most, by any prices between 0 and 1."""
    ones = replace(
        problem, values=np.zeros_like(problem.values), bonus=np.ones(len(problem)), bounds=()
    )
    return int(bound_value(ones, np.clip(prices.astype(np.float64), 0, 1)) + 1e-6)
