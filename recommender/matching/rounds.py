"""Several classes a person, in rounds: nobody has a second before all others had the choice of a first.

Each round is an allocation of what the rounds before have left, with its own certified gap, as tiers are. Nobody is
given two classes of one training, two that meet on one day, more than the balance pays together, or more than the
programme lets one person take.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.matching.allocation import Aim, Allocation, allocate
from recommender.matching.auction import Stop, never
from recommender.matching.problem import Bound, Problem, Seated


@dataclass(frozen=True)
class Limits:
    """What one person can have together.

    Attributes
    ----------
    spans : ndarray of int64, shape (K, 3)
        Number of the training of each class, its first and its last day.
    costs : ndarray of int64, shape (K,)
        What each class takes of the balance.
    balances : ndarray of int64, shape (P,)
    most : ndarray of int64, shape (P,)
        Classes that the programme lets each person take from now on.
    """

    spans: NDArray[np.int64]
    costs: NDArray[np.int64]
    balances: NDArray[np.int64]
    most: NDArray[np.int64]

    def find_conflicts(
        self, people: NDArray[np.integer], classes: NDArray[np.integer], held: Seated
    ) -> NDArray[np.bool_]:
        """Return the pairs that a person cannot have beside what is held, (P, L) padded with -1."""
        conflict = np.zeros(len(classes), dtype=bool)
        course, begin, end = self.spans[classes].T
        for own in held.T:
            other = own[people]
            there = self.spans[np.maximum(other, 0)]
            meets = (begin <= there[:, 2]) & (there[:, 1] <= end)
            conflict |= (other >= 0) & ((course == there[:, 0]) | meets)
        count = (held >= 0).sum(axis=1)
        spent = np.where(held >= 0, self.costs[held], 0).sum(axis=1)
        cost = self.costs[classes]
        dear = (cost > 0) & (spent[people] + cost > self.balances[people])
        # Whether a first class may be taken is asked before there are pairs.
        conflict |= (count[people] > 0) & (dear | (count >= self.most)[people])
        return conflict


def allocate_rounds(
    problem: Problem,
    aim: Aim,
    tiers: NDArray[np.integer],
    fixed: NDArray[np.int32],
    limits: Limits,
    stop: Stop = never,
) -> Allocation:
    """Give each person up to as many classes as ``fixed`` has columns.

    Parameters
    ----------
    fixed : ndarray of int32, shape (P, L)
        Classes that people keep, padded with -1.
    limits : Limits

    Raises
    ------
    UnmetError
        If the bounds cannot be kept.
    """
    held = fixed.copy()
    first = _allocate_round(problem, aim, tiers, held, 0, limits, stop)
    held[:, 0] = first.seated
    rounds = [first]
    aim = replace(aim, objective="fit")  # later rounds serve nobody who was not served
    for number in range(1, held.shape[1]):
        one = _allocate_round(problem, aim, tiers, held, number, limits, stop)
        held[:, number] = one.seated
        rounds.append(one)
    return replace(
        first,
        prices=np.max([one.prices for one in rounds], axis=0),
        value=sum(one.value for one in rounds),
        bound=sum(one.bound for one in rounds),
        finished=all(one.finished for one in rounds),
        later=tuple(one.seated for one in rounds[1:]),
    )


def _allocate_round(
    problem: Problem,
    aim: Aim,
    tiers: NDArray[np.integer],
    held: NDArray[np.int32],
    number: int,
    limits: Limits,
    stop: Stop,
) -> Allocation:
    """Give the class of one round, beside all that people hold in the others."""
    left = take_round(problem, held, number, limits)
    return allocate(left, aim, tiers=tiers, fixed=held[:, number].copy(), stop=stop)


def take_round(problem: Problem, held: NDArray[np.int32], number: int, limits: Limits) -> Problem:
    """Return what is left to a round of pairs, seats and bounds by all that people hold in the others."""
    others = np.delete(held, number, axis=1)
    free = ~limits.find_conflicts(problem.people, problem.classes, others)
    used = np.bincount(others[others >= 0], minlength=len(problem.seats))
    left = problem.take(free, np.maximum(problem.seats - used, 0))
    bounds = tuple(_take_bound(bound, others, number) for bound in problem.bounds)
    return replace(left, bounds=bounds)


def _take_bound(bound: Bound, held: NDArray[np.int32], number: int) -> Bound:
    """Return what is left of a bound: a ceiling is of all rounds together, a floor of the first."""
    counted = sum(bound.count(own) for own in held.T)
    return replace(
        bound,
        floor=bound.floor if number == 0 else 0,
        ceiling=None if bound.ceiling is None else max(0, bound.ceiling - counted),
    )
