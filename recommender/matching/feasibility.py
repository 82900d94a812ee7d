"""Whether floors can be kept at all, and by how little they would have to give way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from recommender.matching.exact import build_constraints
from recommender.matching.problem import Problem
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


def find_relaxations(problem: Problem) -> list[Relaxation]:
    """Return the floors that would have to give way, by as few people as possible; none where all can be kept.

    People may be seated in parts here, floors are whole: where floors overlap it may say one too few.
    """
    floors = [number for number, bound in enumerate(problem.bounds) if bound.floor]
    concerned = np.zeros(len(problem.classes), dtype=bool)
    for number in floors:
        concerned |= count_pairs(problem, problem.bounds[number]) > 0
    if not concerned.any():
        return [Relaxation(problem.bounds[i].name, problem.bounds[i].floor, 0) for i in floors]
    some = problem.take(concerned, problem.seats)
    matrix, low, high = build_constraints(some)
    rows = len(high) - len(problem.bounds) + np.array(floors)
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
        Relaxation(problem.bounds[i].name, problem.bounds[i].floor, problem.bounds[i].floor - by)
        for i, by in zip(floors, short.tolist(), strict=True)
        if by
    ]
