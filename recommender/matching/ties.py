"""Of two who are alike for a class, the one whom the lottery puts first has the seat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.matching.problem import Problem, Seated


def settle_ties(problem: Problem, seated: Seated) -> Seated:
    """Return an assignment of the same worth in which no seat is held against the lottery.

    A seat goes to the first of those without a seat who are worth as much there as who holds it, and count for the
    same bounds. People stand in the order of the lottery, so each exchange brings somebody nearer to its front in,
    and there is an end.
    """
    while True:
        settled = _exchange(problem, seated)
        if (settled == seated).all():
            return settled
        seated = settled  # who went out may come in elsewhere


def _exchange(problem: Problem, seated: Seated) -> Seated:
    """Return an assignment after the exchanges with who has no seat now."""
    settled = seated.copy()
    pairs, key = _find_contested(problem, seated)
    people, classes = problem.people[pairs], problem.classes[pairs]
    count = int(key.max(initial=-1)) + 1
    while True:
        held, open_ = classes == settled[people], settled[people] < 0
        last = np.full(count, -1, dtype=np.int64)
        np.maximum.at(last, key[held], people[held])
        first = np.full(count, len(problem), dtype=np.int64)
        np.minimum.at(first, key[open_], people[open_])
        better = np.flatnonzero(first < last)
        if not len(better):
            return settled
        # Who could come in at several places comes in at one of them; the next round looks at the others.
        incoming, places = np.unique(first[better], return_index=True)
        outgoing = last[better[places]]
        settled[incoming] = settled[outgoing]
        settled[outgoing] = -1


def _find_contested(
    problem: Problem, seated: Seated
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that an exchange could be about, and a number of those that are alike."""
    kinds = _find_kinds(problem)
    held = problem.find_pairs(seated)
    alike = np.unique(_join(problem, held))
    open_ = np.flatnonzero(np.repeat(seated < 0, np.diff(problem.starts)))
    joined = _join(problem, open_)
    places = np.minimum(np.searchsorted(alike, joined), max(len(alike) - 1, 0))
    wanted = open_[alike[places] == joined] if len(alike) else open_[:0]
    pairs = np.concatenate([held, wanted])
    place = np.searchsorted(alike, _join(problem, pairs))
    key = place * (int(kinds.max(initial=0)) + 1) + kinds[problem.people[pairs]]
    _, key = np.unique(key, return_inverse=True)
    return pairs, key.astype(np.int64)


def _join(problem: Problem, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number that is the same for pairs of the same class and worth."""
    worth = problem.values[pairs].view(np.int32).astype(np.int64)
    joined: NDArray[np.int64] = problem.classes[pairs].astype(np.int64) << 32 | worth
    return joined


def _find_kinds(problem: Problem) -> NDArray[np.int64]:
    """Return a number of each person that is the same for those who count for the same, and have the same bonus."""
    told = [problem.bonus] + [
        bound.people.astype(np.float64) for bound in problem.bounds if bound.people is not None
    ]
    _, kinds = np.unique(np.column_stack(told), axis=0, return_inverse=True)
    return kinds.ravel().astype(np.int64)
