"""Cases without people and engine: numbers of a random world under names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.matching.worlds import make_large_world
from recommender.matching.case import Case
from recommender.matching.lottery import order_by_lot
from recommender.matching.problem import Bound, build_problem
from recommender.matching.rounds import Limits
from recommender.matching.stable import Choices

NAMES = [f"p{number}" for number in range(60)]
CLASSES = 6


def build_limits(spans: np.ndarray, people: int) -> Limits:
    """Return limits by training and days alone."""
    costs = np.zeros(len(spans), dtype=np.int64)
    return Limits(spans, costs, np.zeros(people, dtype=np.int64), np.full(people, 9))


def make_case(seed: str, classes: int = 1) -> Case:
    """Return a case with tiers, a floor and a ceiling, its people in the order of a lottery."""
    ids = tuple(NAMES[row] for row in order_by_lot(seed, NAMES))
    drawn = make_large_world(len(ids), CLASSES, 4, seed=1)
    problem = build_problem(drawn.people, drawn.classes, drawn.values, drawn.seats, len(ids))
    members = np.arange(len(ids)) % 3 == 0
    bounds = (
        Bound("bounds.0", members, floor=12),
        Bound("bounds.1", None, np.arange(CLASSES) < 2, 0, 9),
    )
    offered = np.full(len(ids), -1, dtype=np.int32)
    offered[:5] = problem.classes[problem.starts[:5]]
    return Case(
        ids,
        tuple(f"class {number}" for number in range(CLASSES)),
        replace(problem, bounds=bounds),
        problem.values,
        np.arange(len(ids)) % 2,
        np.full((len(ids), classes), -1, dtype=np.int32),
        offered,
        build_limits(np.column_stack([np.arange(CLASSES)] * 3), len(ids)),
    )


def add_choices(case: Case) -> Case:
    """Return the case with lists in which each class that is permitted stands, and providers who choose."""
    rng = np.random.default_rng(3)
    problem = replace(case.problem, bounds=())
    pairs = len(problem.classes)
    return replace(
        case,
        problem=problem,
        choices=Choices(
            rng.permutation(pairs).astype(np.int64),
            rng.random(pairs),
            np.ones(CLASSES, dtype=np.int64),
            np.arange(len(problem)) % 4 == 0,
        ),
    )
