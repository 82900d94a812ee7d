"""Who comes next where somebody refuses: a waiting list for each class, in an order that keeps the floors.

A list goes by tier, by worth, then by the lottery, but for the floors: of each ``n`` people on its front as many
count for a floor as among all who are seated should, and what is lacking to the floor now comes first of all; where
several floors will ask for places at once, some of these are given before. So floors hold however many are called,
but for floors that share people, which may ask for more than any order gives. Who would break a ceiling as things
are waits until they are otherwise. After each refusal the lists are made again, from who is seated then.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.matching.problem import Bound, Problem, Seated

PLACES: Final = 100  # of one list


@dataclass(frozen=True)
class Waiting:
    """W places of waiting lists: the pair of each, its class, and the place from 1; class by class, in order."""

    pairs: NDArray[np.int64]
    classes: NDArray[np.int32]
    places: NDArray[np.int64]


def order_waiting(
    problem: Problem,
    seated: Seated,
    worth: NDArray[np.floating],
    tiers: NDArray[np.integer],
    most: int = PLACES,
) -> Waiting:
    """Return the waiting lists of all classes.

    Parameters
    ----------
    worth : ndarray of float, shape (M,)
        Of the pairs; the largest comes first, and of those that are alike who is first in the lottery.
    tiers : ndarray of int, shape (P,)
        Who comes first, whatever the worth.
    most : int
        Places of one list.
    """
    open_ = np.flatnonzero((seated[problem.people] < 0) & ~_find_blocked(problem, seated))
    people = problem.people[open_]
    order = open_[np.lexsort((people, -worth[open_], tiers[people], problem.classes[open_]))]
    starts = np.searchsorted(problem.classes[order], np.arange(len(problem.seats) + 1))
    floors = [bound for bound in problem.bounds if bound.floor]
    if floors:
        shares = _Shares.of(floors, seated)
        lists = [
            shares.order(order[first:last], problem, class_, most)
            for class_, (first, last) in enumerate(pairwise(starts.tolist()))
        ]
        chosen = np.array([pair for one in lists for pair in one], dtype=np.int64)
    else:
        place = np.arange(len(order)) - starts[problem.classes[order]]
        chosen = order[place < most]
    classes = problem.classes[chosen]
    begins = np.searchsorted(classes, classes)
    return Waiting(chosen, classes, np.arange(len(chosen)) - begins + 1)


def _find_blocked(problem: Problem, seated: Seated) -> NDArray[np.bool_]:
    """Return the pairs by which a ceiling that is reached would be broken."""
    blocked = np.zeros(len(problem.classes), dtype=bool)
    for bound in problem.bounds:
        if bound.ceiling is not None and bound.count(seated) >= bound.ceiling:
            blocked |= _counts(bound, problem.people, problem.classes)
    return blocked


def _counts(
    bound: Bound, people: NDArray[np.integer], classes: NDArray[np.integer]
) -> NDArray[np.bool_]:
    counted = np.ones(len(people), dtype=bool)
    if bound.people is not None:
        counted &= bound.people[people]
    if bound.classes is not None:
        counted &= bound.classes[classes]
    return counted


@dataclass(frozen=True)
class _Shares:
    """How many of the first of a list have to count for each floor.

    Attributes
    ----------
    floors : list of Bound
    lacking : ndarray of int64, shape (number of floors,)
        What the floors lack now.
    share : ndarray of float64, shape (number of floors,)
        Of who is seated, whom the floors ask for.
    """

    floors: list[Bound]
    lacking: NDArray[np.int64]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, floors: list[Bound], seated: Seated) -> _Shares:
        """Return the shares by who is seated."""
        total = max(int((seated >= 0).sum()), 1)
        return cls(
            floors,
            np.array([bound.shortfall(seated) for bound in floors]),
            np.array([min(bound.floor / total, 1.0) for bound in floors]),
        )

    def order(
        self, pairs: NDArray[np.int64], problem: Problem, class_: int, most: int
    ) -> list[int]:
        """Return the first of the pairs of one class, which come by worth, in the order of its list."""
        people, here = problem.people[pairs], np.full(len(pairs), class_)
        counted = np.column_stack([_counts(bound, people, here) for bound in self.floors])
        kinds, kind = np.unique(counted, axis=0, return_inverse=True)
        waiting = [
            deque(np.flatnonzero(kind.ravel() == number)[:most].tolist())
            for number in range(len(kinds))
        ]
        had = np.zeros(len(self.floors), dtype=np.int64)
        places = np.arange(1, min(most, len(pairs)) + 1)
        due = self.lacking + np.floor(np.outer(places, self.share) + 1e-9).astype(np.int64)
        due = np.minimum(due, counted.sum(axis=0))  # as far as there are such people
        chosen: list[int] = []
        while len(chosen) < len(places):
            late = np.maximum(due[len(chosen) :] - had, 0)
            tight = late.sum(axis=1) > np.arange(len(late))  # no place is left for anybody else
            needed = late[tight.argmax()] > 0 if tight.any() else np.zeros_like(had, dtype=bool)
            helpful = (kinds & needed).sum(axis=1)
            fronts = [
                (-int(helpful[number]), queue[0], number)
                for number, queue in enumerate(waiting)
                if queue
            ]
            best = min(fronts)[2]
            chosen.append(int(pairs[waiting[best].popleft()]))
            had += kinds[best]
        return chosen
