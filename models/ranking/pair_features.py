"""What the ranker sees of a participant and a course: stated once, used in training and in serving."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.candidates.base import State
from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.item_vectors import item_vectors
from models.candidates.recency import ages, by_position, decay
from models.candidates.side import SideInformation
from models.vectors import unit

Floats = NDArray[np.float32]
PRIOR = 2.0  # courses of an average participant mixed into a history's attributes
FEW = 20  # participants for whom the pairs alone are quicker than all courses
HALF_LIVES = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Shares of all events; spans from the newest few events to a third of the past."""


@dataclass(frozen=True)
class Pairs:
    """Participant x course pairs to be ranked: row of the batch and course of each, grouped by row."""

    rows: NDArray[np.int64]
    items: NDArray[np.int32]


class CourseStatistics:
    """What the past tells of each course: how often, how lately, how late in histories.

    Attributes
    ----------
    table_ : ndarray of float32, shape (N, F)
    names_ : list of str
        Names of its columns.
    """

    def fit(self, interactions: Interactions) -> CourseStatistics:
        """Count."""
        n, items = interactions.n_items, interactions.items
        age = ages(interactions)
        columns = {"count": np.log1p(np.bincount(items, minlength=n))}
        for half_life in HALF_LIVES:
            recent = np.bincount(items, decay(age, half_life), minlength=n)
            # per mille of what everybody did in the same span: comparable as the platform grows
            columns[f"recent_{half_life:g}"] = np.log1p(1000 * recent / max(recent.sum(), 1e-12))
        columns["trend"] = columns["recent_0.01"] - columns["recent_0.1"]
        columns["trend_long"] = columns["recent_0.1"] - columns["recent_0.3"]
        oldest, newest = np.full(n, np.nan), np.full(n, np.nan)
        np.fmax.at(oldest, items, age)
        np.fmin.at(newest, items, age)
        columns["first_seen"], columns["last_seen"] = oldest, newest
        columns["mean_age"] = np.bincount(items, age, minlength=n) / np.maximum(
            np.bincount(items, minlength=n), 1
        )
        columns["place"] = _mean_place(interactions)
        self.names_ = [f"course_{name}" for name in columns]
        self.table_ = np.column_stack(list(columns.values())).astype(np.float32)
        # events sorted by course, then by clock: how many came after a moment is one binary search
        clock = 1 - age
        self.keys_ = np.sort(items + clock * (1 - 1e-9))
        self.ends_ = np.cumsum(np.bincount(items, minlength=n))
        self.times_ = None if interactions.at is None else np.sort(interactions.at)
        self.n_events_ = len(interactions)
        return self

    def get_state(self) -> State:
        """Return what is learnt, as arrays."""
        times = np.empty(0, dtype=np.int64) if self.times_ is None else self.times_
        return {
            "table": self.table_,
            "keys": self.keys_,
            "ends": self.ends_,
            "times": times,
            "n_events": np.array(self.n_events_),
            "names": np.frombuffer(json.dumps(self.names_).encode(), dtype=np.uint8),
        }

    @classmethod
    def from_state(cls, state: State) -> CourseStatistics:
        """Return the statistics whose :meth:`get_state` this is."""
        statistics = cls()
        statistics.table_, statistics.keys_, statistics.ends_ = (
            state[name] for name in ("table", "keys", "ends")
        )
        statistics.times_ = state["times"] if len(state["times"]) else None
        statistics.n_events_ = int(state["n_events"])
        statistics.names_ = json.loads(state["names"].tobytes())
        return statistics

    def remap(self, old: NDArray[np.int32]) -> CourseStatistics:
        """Return the statistics for another course table; of a new course nothing is known."""
        known = CourseStatistics()
        known.names_, known.times_, known.n_events_ = self.names_, self.times_, self.n_events_
        nobody = np.zeros((1, self.table_.shape[1]), dtype=np.float32)
        known.table_ = np.vstack([self.table_, nobody])[old]
        course = np.floor(self.keys_).astype(np.int64)
        place = np.full(len(self.ends_), -1)
        place[old[old >= 0]] = np.flatnonzero(old >= 0)
        kept = place[course] >= 0
        known.keys_ = np.sort(place[course[kept]] + self.keys_[kept] % 1)
        known.ends_ = np.cumsum(np.bincount(place[course[kept]], minlength=len(old)))
        return known

    def clock(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of the past's events up to each moment, from 0 to 1."""
        if self.times_ is None:
            return np.minimum((at + 1) / max(self.n_events_, 1), 1.0)
        return np.searchsorted(self.times_, at, side="right") / max(self.n_events_, 1)

    def events_since(
        self, items: NDArray[np.int32], clock: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return how many events of each course came after the moment beside it."""
        before = np.searchsorted(self.keys_, items + clock * (1 - 1e-9), side="right")
        return (self.ends_[items] - before).astype(np.float64)


def _mean_place(interactions: Interactions) -> NDArray[np.float64]:
    """Return for each course how late in a history it comes, from 0 (first) to 1 (last); nan if never."""
    n_events = len(interactions)
    at = np.arange(n_events) if interactions.at is None else interactions.at
    order = np.lexsort((np.arange(n_events), at, interactions.users))
    sizes = np.bincount(interactions.users, minlength=interactions.n_users)
    starts = np.cumsum(sizes) - sizes
    users = interactions.users[order]
    place = (np.arange(n_events) - starts[users]) / np.maximum(sizes[users] - 1, 1)
    several = sizes[users] > 1
    items = interactions.items[order][several]
    count = np.bincount(items, minlength=interactions.n_items)
    total = np.bincount(items, place[several], minlength=interactions.n_items)
    with np.errstate(invalid="ignore"):
        return total / count


class PairFeatures:
    """The feature table of pairs, beside the sources' scores.

    Attributes
    ----------
    names_ : list of str
        Names of its columns.
    """

    def fit(self, interactions: Interactions, side: SideInformation) -> PairFeatures:
        """Learn the statistics of courses; keep their vectors."""
        return self.take(CourseStatistics().fit(interactions), side)

    def take(self, statistics: CourseStatistics, side: SideInformation) -> PairFeatures:
        """Take statistics of courses that were learnt before, and what is known of them."""
        self.courses_ = statistics
        texts = SideInformation(item_vectors=side.item_vectors)
        attributes = SideInformation(item_attributes=side.item_attributes)
        spaces = {"text": item_vectors(texts, 0.0), "attributes": item_vectors(attributes, 1.0)}
        self.spaces_ = {name: vectors for name, vectors in spaces.items() if vectors is not None}
        self.attributes_ = side.item_attributes
        if side.item_attributes is not None:
            counts = np.diff(self.courses_.ends_, prepend=0)
            holders = side.item_attributes.T @ counts
            self.attribute_share_ = (holders + 1) / (counts.sum() + 1)
        return self

    def table(self, batch: Histories, pairs: Pairs) -> tuple[Floats, list[str]]:
        """Return the features of ``pairs``, shape (R, F), and their names."""
        courses = self.courses_.table_[pairs.items]
        people, people_names = self._participants(batch)
        blocks = [courses, people[pairs.rows], self._since(batch, pairs)]
        names = [*self.courses_.names_, *people_names, "since_last", "share_since_last"]
        for name, vectors in self.spaces_.items():
            blocks.append(_likeness(batch, pairs, vectors))
            names += [f"{name}_profile", f"{name}_lately", f"{name}_last"]
        if self.attributes_ is not None:
            blocks.append(self._lift(batch, pairs))
            names.append("attributes_lift")
        return np.hstack(blocks).astype(np.float32), names

    @property
    def names(self) -> list[str]:
        """Names of the table's columns."""
        nobody = Histories(
            indptr=np.zeros(1, dtype=np.int64),
            items=np.empty(0, dtype=np.int32),
            weights=np.empty(0, dtype=np.float32),
            n_items=len(self.courses_.table_),
            at=np.empty(0, dtype=np.int64),
        )
        none = Pairs(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))
        return self.table(nobody, none)[1]

    def _lift(self, batch: Histories, pairs: Pairs) -> Floats:
        """How much likelier than anybody the participant takes courses with these attributes, as a log, (R, 1)."""
        taken = batch.matrix()
        held = np.asarray((taken @ self.attributes_).todense())
        lengths = np.asarray(taken.sum(axis=1))
        expected = self.attribute_share_[None]
        lift = np.log((held + PRIOR * expected) / ((lengths + PRIOR) * expected))
        scores = self.attributes_ @ lift.T
        return np.asarray(scores[pairs.items, pairs.rows], dtype=np.float32)[:, None]

    def _participants(self, batch: Histories) -> tuple[Floats, list[str]]:
        clock = self.courses_.clock(batch.at)
        lengths = batch.lengths
        last = np.full(len(batch), np.nan)
        has = lengths > 0
        last[has] = 1 - clock[batch.indptr[1:][has] - 1]
        before = np.full(len(batch), np.nan)
        two = lengths > 1
        before[two] = clock[batch.indptr[1:][two] - 1] - clock[batch.indptr[1:][two] - 2]
        counts = self.courses_.table_[:, 0][batch.items]
        mean = np.bincount(batch.rows, counts, minlength=len(batch)) / np.maximum(lengths, 1)
        table = np.column_stack([np.log1p(lengths), last, before, mean]).astype(np.float32)
        return table, ["taken", "last_seen", "last_gap", "mean_popularity"]

    def _since(self, batch: Histories, pairs: Pairs) -> Floats:
        """How much a course was taken since the participant was last seen."""
        last = np.zeros(len(batch))
        has = batch.lengths > 0
        last[has] = self.courses_.clock(batch.at[batch.indptr[1:][has] - 1])
        since = self.courses_.events_since(pairs.items, last[pairs.rows])
        total = np.expm1(self.courses_.table_[pairs.items, 0])
        share = since / np.maximum(total, 1)
        return np.column_stack([np.log1p(since), share]).astype(np.float32)


def _likeness(batch: Histories, pairs: Pairs, vectors: Floats) -> Floats:
    """Cosine of a course to the whole history, to the latest courses, and to the last one, (R, 3)."""
    profiles = [
        unit(np.asarray(batch.matrix(by_position(batch, keep)) @ vectors))
        for keep in (1.0, 0.7, 0.01)
    ]
    if len(batch) <= FEW:
        theirs = vectors[pairs.items]
        columns = [np.einsum("rd,rd->r", profile[pairs.rows], theirs) for profile in profiles]
    else:
        columns = [(profile @ vectors.T)[pairs.rows, pairs.items] for profile in profiles]
    return np.column_stack(columns).astype(np.float32)
