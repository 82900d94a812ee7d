"""Choice lists and providers who choose: deferred acceptance, in which the people propose.

Everybody asks for their first choice; each class keeps the best of who asks, for as long as nobody better
does, and who is turned away asks for the next. Nobody gains by another order of choices than their own (Dubins and
Freedman 1981), and no class and person would rather have each other than what they got. Seats kept for a group
are filled from it first (Hafalir, Yenmez and Yildirim 2013), which leaves both true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.matching.problem import Problem, Seated


@dataclass(frozen=True)
class Choices:
    """What people and providers think of the M pairs of a problem, and which seats are kept for whom.

    Attributes
    ----------
    rank : ndarray of int64, shape (M,)
        Place of the class in the person's list; the least is the dearest.
    standing : ndarray of float64, shape (M,)
        What the provider of the class thinks of the person; the largest comes first.
    kept : ndarray of int64, shape (K,)
        Seats of each class that members fill first.
    members : ndarray of bool, shape (P,)
    """

    rank: NDArray[np.int64]
    standing: NDArray[np.float64]
    kept: NDArray[np.int64]
    members: NDArray[np.bool_]


def seat_by_choices(
    problem: Problem, choices: Choices, tiers: NDArray[np.integer], fixed: Seated
) -> Seated:
    """Return the class of each person; who accepted keeps theirs, a later tier has what an earlier one leaves."""
    order = np.lexsort((choices.rank, problem.people))
    place = np.arange(len(order)) - problem.starts[problem.people[order]]
    length = max(int(place.max(initial=0)) + 1, 1)
    lists = np.full((len(problem), length), -1, dtype=np.int32)
    standing = np.zeros(lists.shape)
    lists[problem.people[order], place] = problem.classes[order]
    standing[problem.people[order], place] = choices.standing[order]
    seated = fixed.copy()
    for tier in np.unique(tiers[fixed < 0]):
        now = np.flatnonzero((fixed < 0) & (tiers == tier))
        used = np.bincount(seated[seated >= 0], minlength=len(problem.seats))
        of_members = seated[(seated >= 0) & choices.members]
        kept = choices.kept - np.bincount(of_members, minlength=len(problem.seats))
        seated[now] = accept_deferred(
            lists[now],
            standing[now],
            np.maximum(problem.seats - used, 0),
            np.maximum(kept, 0),
            choices.members[now],
        )
    return seated


def accept_deferred(
    choices: NDArray[np.int32],
    standing: NDArray[np.floating],
    seats: NDArray[np.integer],
    kept: NDArray[np.integer] | None = None,
    members: NDArray[np.bool_] | None = None,
) -> Seated:
    """Return the class of each person, -1 for none.

    Parameters
    ----------
    choices : ndarray of int32, shape (P, L)
        Classes of each person, the dearest first, padded with -1; people in the order of the lottery, which decides
        between equal standings.
    standing : ndarray of float, shape (P, L)
        What the provider of each thinks of the person; the largest comes first.
    seats : ndarray of int, shape (K,)
    kept : ndarray of int, shape (K,), optional
        Seats of each class that members fill first.
    members : ndarray of bool, shape (P,), optional
    """
    people, length = choices.shape
    kept = np.zeros(len(seats), dtype=np.int64) if kept is None else kept
    members = np.zeros(people, dtype=bool) if members is None else members
    asked = np.zeros(people, dtype=np.int64)  # the place of the choice that each stands at
    seated = np.full(people, -1, dtype=np.int32)
    while True:
        at = np.minimum(asked, length - 1)
        class_ = np.where(asked < length, choices[np.arange(people), at], -1)
        rows = np.flatnonzero(class_ >= 0)
        chosen = rows[_choose(class_[rows], standing[rows, at[rows]], members[rows], seats, kept)]
        seated[:] = -1
        seated[chosen] = class_[chosen]
        refused = rows[seated[rows] < 0]
        if not len(refused):
            return seated
        asked[refused] += 1


def _choose(
    classes: NDArray[np.int32],
    standing: NDArray[np.floating],
    members: NDArray[np.bool_],
    seats: NDArray[np.integer],
    kept: NDArray[np.integer],
) -> NDArray[np.bool_]:
    """Return whom the classes take of those who ask: members for the seats kept, then the best of all others."""
    among_members = np.where(members, _rank(classes, ~members, standing), np.iinfo(np.int64).max)
    first = among_members < kept[classes]
    return _rank(classes, ~first, standing) < seats[classes]


def _rank(
    classes: NDArray[np.int32], later: NDArray[np.bool_], standing: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Return the place of each in their class, from 0: not later, then standing higher, then first."""
    order = np.lexsort((-standing, later, classes))
    ordered = classes[order]
    begins = np.searchsorted(ordered, ordered)
    ranks = np.empty(len(classes), dtype=np.int64)
    ranks[order] = np.arange(len(classes)) - begins
    return ranks
