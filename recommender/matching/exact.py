"""The best assignment of a small problem, by HiGHS."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from recommender.matching.auction import Solution, bound_value
from recommender.matching.problem import Problem, Seated
from recommender.matching.rates import add_rates, count_pairs, find_offset


class InfeasibleError(ValueError):
    """No assignment keeps the bounds."""


def solve_exactly(problem: Problem, seconds: float | None = None) -> Solution:
    """Return the best assignment that keeps seats and bounds.

    Parameters
    ----------
    seconds : float, optional
        After which the best so far counts.

    Raises
    ------
    InfeasibleError
        If none keeps the bounds.
    """
    if not len(problem.classes):
        if any(bound.floor for bound in problem.bounds):
            raise InfeasibleError("nobody may sit anywhere")
        nobody = np.full(len(problem), -1, dtype=np.int32)
        prices = np.zeros(len(problem.seats))
        return Solution(nobody, prices, np.zeros(len(problem.bounds)), 0.0, 0.0)
    worth = -(problem.values.astype(np.float64) + problem.bonus[problem.people])
    matrix, low, high = build_constraints(problem)
    options = {} if seconds is None else {"time_limit": seconds}
    found = milp(
        worth,
        integrality=np.ones(len(worth)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, low, high),
        options=options | {"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise InfeasibleError(found.message)
    seated = read_seated(problem, found.x)
    prices, rates = _find_prices(problem, worth, matrix, low, high)
    certified = bound_value(add_rates(problem, rates), prices) - find_offset(problem, rates)
    value = problem.measure_value(seated)
    bound = min(certified, -float(found.mip_dual_bound))
    return Solution(seated, prices, rates, value, max(bound, value), found.status == 0)


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
    """Return the price of each class, and what each bound is worth, of the problem with parts of seats."""
    floors = low > 0
    ceilings = np.isfinite(high)
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
    first = len(problem)
    last = first + len(problem.seats)
    rates = -duals[last:]
    rates[floors[last:]] += marginals[ceilings.sum() :]
    return np.maximum(duals[first:last], 0), rates
