"""Prices of seats in fit: of classes that were full before a tier, too, and where most people are served."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.matching.auction import Solution, find_surplus
from recommender.matching.problem import Problem
from recommender.matching.rates import add_rates

LEAST: Final = (
    0.001  # the price of a seat by which one person more would be served, and no fit gained
)


def price_full_classes(
    problem: Problem, part: Problem, now: NDArray[np.bool_], solution: Solution
) -> NDArray[np.float64]:
    """Return the prices of all classes to a tier, those that are full before it among them.

    Nobody of the tier can sit in a class that is full before, so its price is the most that somebody would gain
    there, and changes nothing of the bound.

    Parameters
    ----------
    problem, part : Problem
        With all pairs, and with those of the tier that are left.
    now : ndarray of bool, shape (P,)
        Who is of the tier.
    """
    pairs = now[problem.people] & (part.seats == 0)[problem.classes]
    if not pairs.any():
        return solution.prices
    own = find_surplus(add_rates(part, solution.rates), solution.prices)
    lifted = add_rates(problem, solution.rates)
    gains = np.maximum(own + lifted.bonus, 0)
    people, classes = problem.people[pairs], problem.classes[pairs]
    prices = solution.prices.copy()
    prices[part.seats == 0] = 0
    np.maximum.at(prices, classes, lifted.values[pairs] + (lifted.bonus - gains)[people])
    return prices


def take_person_out(prices: NDArray[np.float64], person: float) -> NDArray[np.float64]:
    """Return prices without what it is worth that one person more is served."""
    serves = prices >= person / 2
    return np.where(serves, np.maximum(prices - person, LEAST), prices)
