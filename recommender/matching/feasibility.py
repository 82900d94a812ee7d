"""Whether floors can be kept at all, and by how little they would have to give way.

Of a small problem HiGHS says it. In a large one each floor is held to what the prices of an auction of its own
prove to be the most people who can count for it; floors that only together are too much are left to the allocation,
which says that it found nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from recommender.matching.auction import hold_auction
from recommender.matching.exact import build_constraints
from recommender.matching.problem import Bound, Problem
from recommender.matching.rates import count_pairs


@dataclass(frozen=True)
class Relaxation:
    """A floor that cannot be kept beside the others.

    Attributes
    ----------
    name : str
        The key of the settings.
    floor, possible : int
        As it stands, and what it would have to be.
    """

    name: str
    floor: int
    possible: int

    def __str__(self) -> str:
        return f"{self.name}.floor: {self.floor} cannot be kept, {self.possible} can"


FEW_PAIRS = 20_000  # up to here HiGHS takes seconds
PROVEN = 0.001  # gap of the most people


def find_relaxations(problem: Problem) -> list[Relaxation]:
    """Return the floors that would have to give way; none where all can be kept.

    Of a small problem as few people as possible: people may be seated in parts there, floors are whole, so that
    where floors overlap it may say one too few. Of a large one the floors that cannot be kept each by itself.
    """
    floors = [number for number, bound in enumerate(problem.bounds) if bound.floor]
    concerned = np.zeros(len(problem.classes), dtype=bool)
    for number in floors:
        concerned |= count_pairs(problem, problem.bounds[number]) > 0
    if not concerned.any():
        return [Relaxation(problem.bounds[i].name, problem.bounds[i].floor, 0) for i in floors]
    some = _count_people(problem.take(concerned, problem.seats))
    if concerned.sum() <= FEW_PAIRS:
        return _relax_exactly(some, floors)
    return [one for number in floors for one in _relax_alone(some, problem.bounds[number])]


def _count_people(problem: Problem) -> Problem:
    """Return the problem in which all that counts is how many people are seated."""
    return replace(problem, values=np.zeros_like(problem.values), bonus=np.ones_like(problem.bonus))


def _relax_alone(problem: Problem, bound: Bound) -> list[Relaxation]:
    """Return the relaxation of a floor that cannot be kept even without the others."""
    alone = replace(problem.take(count_pairs(problem, bound) > 0, problem.seats), bounds=())
    found = hold_auction(alone, PROVEN)
    if found.bound >= bound.floor:
        return []
    return [Relaxation(bound.name, bound.floor, bound.count(found.seated))]


def _relax_exactly(some: Problem, floors: list[int]) -> list[Relaxation]:
    matrix, low, high = build_constraints(some)
    rows = len(high) - len(some.bounds) + np.array(floors)
    columns = np.arange(len(floors))
    lacking = sp.csr_matrix((np.ones(len(floors)), (rows, columns)), shape=(len(high), len(floors)))
    pairs = len(some.classes)
    found = milp(
        np.append(np.zeros(pairs), np.ones(len(floors))),
        integrality=np.append(np.zeros(pairs), np.ones(len(floors))),
        bounds=Bounds(0, np.append(np.ones(pairs), low[rows])),
        constraints=LinearConstraint(sp.hstack([matrix, lacking], format="csr"), low, high),
    )
    short = np.round(found.x[pairs:]).astype(int)
    return [
        Relaxation(some.bounds[i].name, some.bounds[i].floor, some.bounds[i].floor - by)
        for i, by in zip(floors, short.tolist(), strict=True)
        if by
    ]
