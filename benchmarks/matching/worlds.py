"""Small random worlds with bounds, and large ones without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.matching.problem import Bound, Problem, build_problem


def make_small_world(seed: int) -> Problem:
    """Return up to 40 people before up to 8 classes, some without a seat, with up to three bounds."""
    rng = np.random.default_rng(seed)
    people, classes = int(rng.integers(1, 41)), int(rng.integers(1, 9))
    rows, columns = np.nonzero(rng.random((people, classes)) < rng.uniform(0.1, 0.9))
    fits = np.round(np.maximum(rng.random(len(rows)), 0.01), int(rng.integers(1, 4)))
    problem = build_problem(rows, columns, fits, rng.integers(0, 6, classes), people)
    bounds = []
    for number in range(int(rng.integers(0, 4))):
        floor = int(rng.integers(0, 5))
        ceiling = floor + int(rng.integers(0, 6)) if rng.random() < 0.5 else None
        of_people = number != 1
        some = rng.random(people if of_people else classes) < rng.uniform(0.1, 0.6)
        bounds.append(
            Bound(
                f"bounds.{number}",
                some if of_people else None,
                None if of_people else some,
                floor,
                ceiling,
            )
        )
    return replace(problem, bounds=tuple(bounds))


def make_large_world(
    people: int, classes: int, candidates: int, seed: int, demand: float = 1.3
) -> Problem:
    """Return people with some candidates each, before classes of unlike size and quality.

    Parameters
    ----------
    demand : float
        People for each seat.
    """
    rng = np.random.default_rng(seed)
    pairs = people * candidates
    places = np.empty(pairs, dtype=np.int32)
    fits = np.empty(pairs, dtype=np.float32)
    quality = rng.normal(0, 0.1, classes)
    block = 20_000
    for first in range(0, people, block):
        count = min(block, people - first)
        steps = rng.integers(1, max(2, classes // candidates + 1), (count, candidates))
        chosen = (rng.integers(0, classes, count)[:, None] + steps.cumsum(axis=1)) % classes
        drawn = 0.5 + quality[chosen] + rng.normal(0, 0.15, chosen.shape)
        rows = slice(first * candidates, (first + count) * candidates)
        places[rows] = chosen.ravel()
        fits[rows] = np.clip(np.round(drawn, 3), 0.001, 1).ravel()
    sizes = rng.lognormal(0, 1, classes)
    seats = np.maximum(1, sizes / sizes.sum() * people / demand).astype(np.int64)
    starts = np.arange(people + 1, dtype=np.int64) * candidates
    return Problem(starts, places, fits, seats, np.zeros(people))
