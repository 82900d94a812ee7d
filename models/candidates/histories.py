"""Participants as the models see them: what each took, in order, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.interactions import Interactions
from models.kernels.events import last_of_each
from training_data.arrays import build_csr, take_rows, take_segments
from training_data.columnar import Columnar, Ragged


@dataclass(frozen=True)
class Histories(Columnar):
    """A batch of B participants with their courses, oldest first.

    Nothing here is a row of the table a model was fitted on, so newcomers are served like everybody else, and
    a batch of one is a row of a larger one.

    Attributes
    ----------
    indptr : ndarray of int64, shape (B + 1,)
        Where each participant's courses begin and end, as in a CSR matrix.
    items : ndarray of int32, shape (E,)
        Courses, oldest first within a participant; a repeat stands again.
    weights : ndarray of float32, shape (E,)
        Relevance of each event.
    n_items : int
        Size of the course table.
    at : ndarray of int64, shape (E,)
        When, in the unit of the interactions; equal numbers where no time is known.
    attributes : csr_matrix of float32, shape (B, P), optional
        What is known of the participant beside the history.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    n_items: int
    at: NDArray[np.int64]
    attributes: sp.csr_matrix | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Events of each participant, shape (B,)."""
        return self.indptr[1:] - self.indptr[:-1]

    @property
    def rows(self) -> NDArray[np.int64]:
        """The participant (row of the batch) of each event, shape (E,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def from_end(self) -> NDArray[np.int64]:
        """How many events of the same participant came after each, shape (E,)."""
        return np.repeat(self.indptr[1:], self.lengths) - 1 - np.arange(len(self.items))

    def take(self, rows: NDArray[np.intp] | slice) -> Self:
        """Return the participants at ``rows`` of the batch."""
        chosen = np.arange(len(self))[rows]
        starts, _, places = take_segments(self.indptr, chosen)
        return type(self)(
            starts.astype(np.int64),
            self.items[places],
            self.weights[places],
            self.n_items,
            self.at[places],
            None if self.attributes is None else take_rows(self.attributes, chosen),
        )

    def with_attributes(self, attributes: sp.csr_matrix) -> Self:
        """Return the same histories of participants of whom something else is known, (B, P)."""
        return replace(self, attributes=attributes)

    def _columns(self) -> Mapping[str, Any]:
        indptr = self.indptr.astype(np.int32)
        return {
            "events": build_csr(self.weights, self.items, indptr, self.n_items),
            "at": Ragged(indptr, self.at),
            "attributes": self.attributes,
        }

    def _replace_columns(self, columns: Mapping[str, Any]) -> Self:
        events, at = columns["events"], columns["at"]
        return type(self)(
            events.indptr.astype(np.int64),
            events.indices,
            events.data,
            self.n_items,
            at.values,
            columns["attributes"],
        )

    def matrix(self, weights: NDArray[np.float32] | None = None) -> sp.csr_matrix:
        """Return the B x N matrix of taken courses; of a repeated course the last event counts.

        Parameters
        ----------
        weights : ndarray of float32, shape (E,), optional
            Value of each event; 1 where None.
        """
        starts, items, values = self.cells(weights)
        return build_csr(values, items, starts, self.n_items)

    def cells(
        self, weights: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Return the parts of :meth:`matrix`: where each row begins (B + 1,), columns and values (Z,)."""
        starts, last = self._distinct
        values = np.ones(len(last), dtype=np.float32) if weights is None else weights[last]
        return starts, self.items[last], values.astype(np.float32, copy=False)

    def sequences(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return where each participant's courses begin (B + 1,), and these, each once, oldest first (Z,)."""
        starts, last = self._distinct
        return starts, self.items[np.sort(last)]

    def not_taken(self) -> NDArray[np.bool_]:
        """Return the mask of courses that each participant has not taken, shape (B, N)."""
        mask = np.ones((len(self), self.n_items), dtype=bool)
        mask[self.rows, self.items] = False
        return mask

    @cached_property
    def _distinct(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return where participants begin among the last events of their courses, and those events."""
        return last_of_each(self.indptr, self.items)


def histories(
    interactions: Interactions,
    users: NDArray[np.int32] | None = None,
    attributes: sp.csr_matrix | None = None,
) -> Histories:
    """Return the histories of ``users`` (all, where None), row for row.

    Parameters
    ----------
    attributes : csr_matrix, shape (n_users, P), optional
        Attributes of all participants of the table.
    """
    at = np.arange(len(interactions)) if interactions.at is None else interactions.at
    order = np.lexsort((np.arange(len(at)), at, interactions.users))
    sizes = np.bincount(interactions.users, minlength=interactions.n_users)
    everybody = Histories(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        interactions.items[order],
        interactions.weights[order],
        interactions.n_items,
        at[order].astype(np.int64),
        attributes,
    )
    return everybody if users is None else everybody.take(users.astype(np.intp))
