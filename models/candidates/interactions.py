"""Events as arrays: what every model learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interactions:
    """Events between participants and courses, in integer ids.

    Attributes
    ----------
    users, items : ndarray of int32, shape (E,)
        Row in the participant table and in the course table of each event.
    weights : ndarray of float32, shape (E,)
        Relevance of the event (1 for plain implicit feedback).
    n_users, n_items : int
        Sizes of the tables; ids without any event are allowed.
    at : ndarray of int64, shape (E,), optional
        Seconds since 1970 (UTC), or any number that orders the events. None where no time is known.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    n_users: int
    n_items: int
    at: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Interactions:
        """Return the events at ``rows``, with the same id spaces."""
        at = None if self.at is None else self.at[rows]
        return Interactions(
            self.users[rows], self.items[rows], self.weights[rows], self.n_users, self.n_items, at
        )

    def matrix(self) -> sp.csr_matrix:
        """Return the participant x course matrix (CSR, float32); repeated events keep the largest weight."""
        order = np.lexsort((-self.weights, self.items, self.users))
        users, items, weights = self.users[order], self.items[order], self.weights[order]
        first = np.ones(len(users), dtype=bool)
        first[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
        shape = (self.n_users, self.n_items)
        return sp.csr_matrix((weights[first], (users[first], items[first])), shape=shape)
