"""Who may sit where, and what it is worth: people, classes with seats, and bounds on who is seated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Seated = NDArray[np.int32]
"""The class of each person, -1 for none."""


@dataclass(frozen=True)
class Bound:
    """Least and most people who are seated, of some people, or in some classes.

    Attributes
    ----------
    name : str
        The key of the settings that states it.
    people : ndarray of bool, shape (P,), optional
        Who counts; None: everybody.
    classes : ndarray of bool, shape (K,), optional
        Where one counts; None: everywhere.
    floor : int
    ceiling : int, optional
    """

    name: str
    people: NDArray[np.bool_] | None = None
    classes: NDArray[np.bool_] | None = None
    floor: int = 0
    ceiling: int | None = None

    def count(self, seated: Seated) -> int:
        """Return how many count."""
        counted = seated >= 0
        if self.people is not None:
            counted = counted & self.people
        if self.classes is not None:
            counted = counted & self.classes[np.maximum(seated, 0)]
        return int(counted.sum())

    def shortfall(self, seated: Seated) -> int:
        """Return how many lack to the floor."""
        return max(0, self.floor - self.count(seated))

    def excess(self, seated: Seated) -> int:
        """Return how many are beyond the ceiling."""
        return 0 if self.ceiling is None else max(0, self.count(seated) - self.ceiling)


@dataclass(frozen=True)
class Problem:
    """P people in the order of the lottery, K classes, and the M pairs that are permitted.

    Attributes
    ----------
    starts : ndarray of int64, shape (P + 1,)
        Where the pairs of each person begin.
    classes : ndarray of int32, shape (M,)
    values : ndarray of float32, shape (M,)
        How well each class fits; each at least 0.
    seats : ndarray of int64, shape (K,)
    bonus : ndarray of float64, shape (P,)
        What it is worth beyond the fit that a person has a seat.
    bounds : sequence of Bound
    """

    starts: NDArray[np.int64]
    classes: NDArray[np.int32]
    values: NDArray[np.float32]
    seats: NDArray[np.int64]
    bonus: NDArray[np.float64]
    bounds: Sequence[Bound] = ()

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def people(self) -> NDArray[np.int32]:
        """The person of each pair, (M,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    def find_pairs(self, seated: Seated) -> NDArray[np.int64]:
        """Return the pair of each seated person, in the order of the people."""
        pairs = np.flatnonzero(self.classes == np.repeat(seated, np.diff(self.starts)))
        if len(pairs) != (seated >= 0).sum():
            raise AssertionError("somebody was given a seat that is not permitted")
        return pairs

    def measure_fit(self, seated: Seated) -> float:
        """Return the sum of the fits of who is seated."""
        return float(self.values[self.find_pairs(seated)].sum(dtype=np.float64))

    def measure_value(self, seated: Seated) -> float:
        """Return what an assignment is worth: fits and bonuses."""
        return self.measure_fit(seated) + float(self.bonus[seated >= 0].sum())

    def take(self, pairs: NDArray[np.bool_], seats: NDArray[np.int64]) -> Problem:
        """Return the problem with some of the pairs, and other seats; nobody is renumbered."""
        kept = pairs & (seats[self.classes] > 0)
        before = np.concatenate([[0], np.cumsum(kept)])
        return replace(
            self,
            starts=before[self.starts],
            classes=self.classes[kept],
            values=self.values[kept],
            seats=seats,
        )

    def is_feasible(self, seated: Seated) -> bool:
        """Return whether all bounds hold."""
        return not any(bound.shortfall(seated) or bound.excess(seated) for bound in self.bounds)


def build_problem(
    people: NDArray[np.integer],
    classes: NDArray[np.integer],
    values: NDArray[np.floating],
    seats: NDArray[np.integer],
    count: int,
) -> Problem:
    """Return the problem of some pairs, in any order, each once; pairs with a class without seats are left out.

    Parameters
    ----------
    people, classes, values : ndarray, shape (M,)
    seats : ndarray of int, shape (K,)
    count : int
        Of the people.
    """
    kept = np.flatnonzero(seats[classes] > 0)
    order = kept[np.lexsort((classes[kept], people[kept]))]
    starts = np.searchsorted(people[order], np.arange(count + 1)).astype(np.int64)
    return Problem(
        starts,
        classes[order].astype(np.int32),
        values[order].astype(np.float32),
        seats.astype(np.int64),
        np.zeros(count),
    )
