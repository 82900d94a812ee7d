"""The best assignment of a small problem, by HiGHS."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp

from recommender.matching.auction import Solution, Stop, bound_value, never
from recommender.matching.problem import Problem, Seated
from recommender.matching.rates import add_rates, count_pairs, find_offset

EASED: Final = 1e-4  # seats and people, by which a problem is eased for its prices
FIRST_SECONDS: Final = (
    2.0  # that HiGHS searches before it is asked whether to end; then twice as long, and again
)


class InfeasibleError(ValueError):
    """No assignment keeps the bounds, or none was found before the search was stopped."""


def solve_exactly(problem: Problem, gap: float = 0.0, stop: Stop = never) -> Solution:
    """Return the best assignment that keeps seats and bounds.

    Parameters
    ----------
    gap : float
        Share of what is possible that may be missing where the optimum is not proven at the root of the search.

    Raises
    ------
    InfeasibleError
        If none keeps the bounds, or none was found before it was stopped.
    """
    if not len(problem.classes):
        if any(bound.floor for bound in problem.bounds):
            raise InfeasibleError("nobody may sit anywhere")
        nobody = np.full(len(problem), -1, dtype=np.int32)
        prices = np.zeros(len(problem.seats))
        return Solution(nobody, prices, np.zeros(len(problem.bounds)), 0.0, 0.0)
    worth = -(problem.values.astype(np.float64) + problem.bonus[problem.people])
    matrix, low, high = build_constraints(problem)
    constraints = LinearConstraint(matrix, low, high)
    root = {"mip_rel_gap": 0.0} | ({"node_limit": 1} if gap else {})
    found = _search(worth, constraints, root, stop)
    if gap and not (_is_stopped(found) or _is_within(found, gap)):
        found = _search(worth, constraints, {"mip_rel_gap": gap}, stop)
    if found.x is None:
        raise InfeasibleError(
            "in the time there was nothing was found that keeps every floor and ceiling"
            if _is_stopped(found)
            else found.message
        )
    seated = read_seated(problem, found.x)
    prices, rates = _find_prices(problem, worth, matrix, low, high)
    certified = bound_value(add_rates(problem, rates), prices) - find_offset(problem, rates)
    value = problem.measure_value(seated)
    bound = min(certified, -float(found.mip_dual_bound))
    return Solution(seated, prices, rates, value, max(bound, value), not _is_stopped(found))


def _search(
    worth: NDArray[np.float64], constraints: LinearConstraint, options: dict[str, Any], stop: Stop
) -> OptimizeResult:
    """Have HiGHS search; it cannot be asked to end, so it searches for longer each time."""
    seconds = FIRST_SECONDS
    while True:
        limit = {} if stop is never else {"time_limit": seconds}
        found = milp(
            worth,
            integrality=np.ones(len(worth)),
            bounds=Bounds(0, 1),
            constraints=constraints,
            options=options | limit,
        )
        if not _is_stopped(found) or stop():
            return found
        seconds *= 2


def _is_stopped(found: OptimizeResult) -> bool:
    return bool(found.status == 1)  # of scipy: the time is over


def _is_within(found: OptimizeResult, gap: float) -> bool:
    """Return whether what was found is within a gap, or nothing can be found."""
    if found.x is None:
        return bool(found.status == 2)
    return bool(found.mip_gap <= gap)


def build_constraints(
    problem: Problem,
) -> tuple[sp.csr_matrix, NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows over the pairs: a seat a person, the seats of each class, and each bound."""
    count = len(problem.classes)
    pairs = np.arange(count)
    ones = np.ones(count)
    people = sp.csr_matrix((ones, (problem.people, pairs)), shape=(len(problem), count))
    classes = sp.csr_matrix((ones, (problem.classes, pairs)), shape=(len(problem.seats), count))
    bounds = [sp.csr_matrix(count_pairs(problem, one)) for one in problem.bounds]
    matrix = sp.vstack([people, classes, *bounds], format="csr")
    ceilings = [np.inf if one.ceiling is None else one.ceiling for one in problem.bounds]
    high = np.concatenate([np.ones(len(problem)), problem.seats, ceilings])
    low = np.zeros(len(high))
    low[len(high) - len(problem.bounds) :] = [one.floor for one in problem.bounds]
    return matrix, low, high


def read_seated(problem: Problem, chosen: NDArray[np.float64]) -> Seated:
    """Return the class of each person from the share of each pair that is chosen."""
    seated = np.full(len(problem), -1, dtype=np.int32)
    pairs = np.flatnonzero(chosen > 0.5)
    seated[problem.people[pairs]] = problem.classes[pairs]
    return seated


def _find_prices(
    problem: Problem,
    worth: NDArray[np.float64],
    matrix: sp.csr_matrix,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the price of each class, and what each bound is worth, of the problem with parts of seats.

    Many prices prove the same optimum. With a little more of every seat, and a little less of every bound, they are
    what one seat more gives, and one person less in a floor; without, they may be what the last seat gives.
    """
    floors = low > 0
    ceilings = np.isfinite(high)
    first = len(problem)
    low, high = low - EASED, np.concatenate([high[:first], high[first:] + EASED])
    found = linprog(
        worth,
        A_ub=sp.vstack([matrix[ceilings], -matrix[floors]], format="csr"),
        b_ub=np.concatenate([high[ceilings], -low[floors]]),
        bounds=(0, None),
        method="highs",
    )
    marginals = -found.ineqlin.marginals
    duals = np.zeros(len(high))
    duals[ceilings] += marginals[: ceilings.sum()]
    last = first + len(problem.seats)
    rates = -duals[last:]
    rates[floors[last:]] += marginals[ceilings.sum() :]
    return np.maximum(duals[first:last], 0), rates
