"""Choice lists and providers who choose: deferred acceptance, in which the people propose.

Everybody asks for their first choice; each class keeps the best of who asks, for as long as nobody better
does, and who is turned away asks for the next. Nobody gains by another order of choices than their own (Dubins and
Freedman 1981), and no class and person would rather have each other than what they got. Seats kept for a group
are filled from it first (Hafalir, Yenmez and Yildirim 2013), which leaves both true.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.matching.problem import Seated


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
