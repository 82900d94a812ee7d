"""Bounds as rates: what one person more who counts for a bound is worth, so that floors and ceilings come about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.matching.problem import Bound, Problem


def count_pairs(problem: Problem, bound: Bound) -> NDArray[np.float64]:
    """Return a one for each pair that counts for a bound, (M,)."""
    counted = np.ones(len(problem.classes))
    if bound.people is not None:
        counted *= bound.people[problem.people]
    if bound.classes is not None:
        counted *= bound.classes[problem.classes]
    return counted


def add_rates(problem: Problem, rates: NDArray[np.float64]) -> Problem:
    """Return the problem in which whoever counts for a bound is worth its rate more."""
    bonus, values = problem.bonus, problem.values
    for bound, rate in zip(problem.bounds, rates, strict=True):
        if not rate:
            continue
        if bound.classes is None:
            everybody = np.ones(len(bonus), dtype=bool)
            bonus = bonus + rate * (everybody if bound.people is None else bound.people)
        else:
            values = (values + rate * count_pairs(problem, bound)).astype(np.float32)
    return replace(problem, bonus=bonus, values=values)


def find_offset(problem: Problem, rates: NDArray[np.float64]) -> float:
    """Return what the rates are worth at the bounds themselves."""
    at = [
        one.floor if rate > 0 else (one.ceiling or 0)
        for one, rate in zip(problem.bounds, rates, strict=True)
    ]
    return float(np.dot(at, rates))
