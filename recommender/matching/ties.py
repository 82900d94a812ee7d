"""Of two who are alike for a class, the one whom the lottery puts first has the seat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels.auction import settle
from recommender.matching.problem import Problem, Seated


def settle_ties(problem: Problem, seated: Seated) -> Seated:
    """Return an assignment of the same worth in which no seat is held against the lottery.

    A seat goes to the first of those without a seat who are worth as much there as who holds it, and count for the
    same bounds. People stand in the order of the lottery: who goes out comes after who came in, so that going
    through them once is enough.
    """
    settled = seated.copy()
    pairs = problem.find_pairs(seated)
    if not len(pairs):
        return settled
    worth = problem.values.view(np.int32)
    kinds = _find_kinds(problem)
    people = problem.people[pairs]
    columns = (problem.classes[pairs], worth[pairs], kinds[people])
    order = np.lexsort((-people, *columns[::-1]))
    class_, value, kind = (column[order] for column in columns)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(class_) != 0) | (np.diff(value) != 0) | (np.diff(kind) != 0)
    first = np.flatnonzero(new)
    settle(
        problem.starts,
        problem.classes,
        worth,
        kinds,
        np.searchsorted(class_[first], np.arange(len(problem.seats) + 1)).astype(np.int64),
        value[first],
        kind[first],
        np.append(first, len(order)).astype(np.int64),
        people[order],
        settled,
    )
    return settled


def _find_kinds(problem: Problem) -> NDArray[np.int32]:
    """Return a number of each person that is the same for those who count for the same, and have the same bonus."""
    told = [problem.bonus] + [
        bound.people.astype(np.float64) for bound in problem.bounds if bound.people is not None
    ]
    kinds = np.zeros(len(problem), dtype=np.int64)
    for one in told:
        distinct, numbers = np.unique(one, return_inverse=True)
        _, kinds = np.unique(kinds * len(distinct) + numbers.ravel(), return_inverse=True)
    return kinds.ravel().astype(np.int32)
