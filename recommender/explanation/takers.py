"""How many people took what: the counts that reasons may name.

Only what can be said of a crowd is kept: a training that at least ``MIN_PEOPLE`` people of a place or a group took,
or took after another one, and clearly more of them than of all people. Smaller counts would rest on a chance, and
tell a stranger what somebody took.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.sparse import selection
from recommender.participants.batch import TAKING
from recommender.participants.encodings import GROUP_STARTS
from training_data.arrays import build_csr, build_ones, look_up
from training_data.columns import Interactions, Participants

P, E = Participants, Interactions

MIN_PEOPLE: Final = 10
MARGIN: Final = (
    6,
    5,
)  # so many times the share among all people, as a fraction: counts are compared as integers
POPULAR: Final = 2  # so many times as many people as took a training on average
NEXT: Final = 10  # trainings that one took next count as taken after it


@dataclass(frozen=True)
class Takers:
    """People who took each of N trainings; a count that must not be named is 0.

    Attributes
    ----------
    everywhere : ndarray of int32, shape (N,)
        Of all people, where that is twice as many as took a training on average.
    in_regions : csr_matrix of int32, shape (R, N)
        Of those who live in each region or in one within it.
    in_groups : csr_matrix of int32, shape (G, N)
        Of each group of `recommender.participants.encodings.encode_groups`.
    after : csr_matrix of int32, shape (N, N)
        Of those who took the training of the row before, with fewer than ``NEXT`` others between.
    until : date, optional
        Day of the newest event of those who were counted.
    simulated : bool
        Whether nobody real made the events.
    """

    everywhere: NDArray[np.int32]
    in_regions: sp.csr_matrix
    in_groups: sp.csr_matrix
    after: sp.csr_matrix
    until: dt.date | None = None
    simulated: bool = False

    @classmethod
    def count(
        cls,
        participants: pl.DataFrame,
        events: pl.DataFrame,
        course_index: Mapping[str, int],
        regions: sp.csr_matrix,
        groups: sp.csr_matrix,
        *,
        simulated: bool,
    ) -> Self:
        """Count those who do not object to profiling, each once a training.

        Parameters
        ----------
        participants, events : DataFrame
            Of the Participants and the Interactions contract.
        course_index : mapping of str to int
            ``course_id`` -> row.
        regions, groups : csr_matrix of shape (len(participants), R) and (len(participants), G)
            A one for each region that a participant lives in, and for each group.
        """
        people, courses, at = _list_taken(participants, events, course_index)
        taken = build_ones(people, courses, (len(participants), len(course_index)))
        total = np.asarray(taken.sum(axis=0)).ravel().astype(np.int64)
        newest: dt.datetime | None = events[E.at.name].max() if len(at) else None  # type: ignore[assignment]
        return cls(
            np.where(_is_popular(total), total, 0).astype(np.int32),
            _keep_notable(regions.T @ taken, total),
            _keep_notable(groups.T @ taken, total),
            _keep_notable(_count_after(people, courses, at, len(course_index)), total),
            None if newest is None else newest.date(),
            simulated,
        )

    def remap(self, old: NDArray[np.int32]) -> Self:
        """Return the counts for another course table by the former row of each training, -1 for none."""
        places = selection(old, len(self.everywhere))
        return type(self)(
            (self.everywhere @ places).astype(np.int32),
            _of_counts(self.in_regions @ places),
            _of_counts(self.in_groups @ places),
            _of_counts(places.T @ self.after @ places),
            self.until,
            self.simulated,
        )

    def get_state(self) -> dict[str, NDArray[np.int32]]:
        """Return the arrays as they are saved."""
        until = 0 if self.until is None else self.until.toordinal()
        counted = np.array([until, self.simulated], dtype=np.int32)
        state = {"everywhere": self.everywhere, "counted": counted}
        for name in TABLES:
            table: sp.csr_matrix = getattr(self, name)
            state |= {f"{name}.indptr": table.indptr, f"{name}.indices": table.indices}
            state[f"{name}.data"] = table.data
        return state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.int32]]) -> Self:
        """Return the counts whose arrays were saved."""
        everywhere = state["everywhere"]
        regions, groups, after = (
            build_csr(
                state[f"{name}.data"],
                state[f"{name}.indices"],
                state[f"{name}.indptr"],
                len(everywhere),
            )
            for name in TABLES
        )
        until, simulated = state["counted"].tolist()
        day = dt.date.fromordinal(until) if until else None
        return cls(everywhere, regions, groups, after, day, bool(simulated))

    @classmethod
    def count_nobody(cls, courses: int, regions: int) -> Self:
        """Return the counts where nobody took anything."""
        rows = regions, int(GROUP_STARTS[-1]), courses
        empty = (sp.csr_matrix((count, courses), dtype=np.int32) for count in rows)
        return cls(np.zeros(courses, dtype=np.int32), *empty)


TABLES: Final = "in_regions", "in_groups", "after"


def _list_taken(
    participants: pl.DataFrame, events: pl.DataFrame, course_index: Mapping[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return who took what and when first (T,), the trainings of a person side by side, the oldest first."""
    willing = participants.with_row_index("person").filter(~P.profiling_opt_out.col)
    first = (
        events.filter(E.kind.col.cast(pl.String).is_in(TAKING))
        .group_by(E.participant_id.name, E.course_id.name)
        .agg(E.at.col.min())
        .join(willing.select("person", P.participant_id.name), on=P.participant_id.name)
        .sort("person", E.at.name, E.course_id.name)
    )
    courses = look_up(first[E.course_id.name], lambda name: course_index.get(name, -1))
    known = courses >= 0
    people = first["person"].to_numpy().astype(np.int32)
    return people[known], courses[known], first[E.at.name].dt.epoch("us").to_numpy()[known]


def _count_after(
    people: NDArray[np.int32], courses: NDArray[np.int32], at: NDArray[np.int64], n_courses: int
) -> sp.csr_matrix:
    after = sp.csr_matrix((n_courses, n_courses), dtype=np.int32)
    for step in range(1, NEXT + 1):
        later = (people[:-step] == people[step:]) & (at[:-step] < at[step:])
        first = np.flatnonzero(later)
        cells = np.ones(len(first), np.int32), (courses[first], courses[first + step])
        after = after + sp.csr_matrix(cells, shape=after.shape)
    return after


def _is_popular(total: NDArray[np.int64]) -> NDArray[np.bool_]:
    popular: NDArray[np.bool_] = total >= MIN_PEOPLE
    popular &= total * len(total) >= POPULAR * total.sum()
    return popular


def _keep_notable(counts: sp.csr_matrix, total: NDArray[np.int64]) -> sp.csr_matrix:
    """Keep the counts of enough people whose share of a row is clearly above that among all people, (N,)."""
    table = sp.coo_matrix(counts)
    count = table.data.astype(np.int64)
    of_row = np.bincount(table.row, count, counts.shape[0]).astype(np.int64)[table.row]
    above, below = MARGIN
    often = count * counts.shape[1] >= of_row  # as often as a training on average
    clear = below * count * total.sum() >= above * total[table.col] * of_row
    kept = often & clear & (count >= MIN_PEOPLE)
    return _of_counts(
        sp.csr_matrix((count[kept], (table.row[kept], table.col[kept])), shape=counts.shape)
    )


def _of_counts(table: sp.csr_matrix) -> sp.csr_matrix:
    table = table.tocsr().astype(np.int32)
    table.sort_indices()
    return table
