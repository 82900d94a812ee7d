"""Participants as arrays: one batch, be it of one person in a request or of many in the national run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.sparse import sums_of_rows
from models.kernels.masks import mark
from recommender.catalogue.catalogue import Catalogue, located
from recommender.objective import DEFAULT, Objective
from training_data.arrays import (
    Column,
    Columns,
    codes_of,
    days,
    filled,
    indicator,
    ones_at,
    plain,
    positions,
    rows_of,
    seconds,
    spread,
)
from training_data.columns import (
    EDUCATIONS,
    EMPLOYMENT_STATUSES,
    EVENT_KINDS,
    GENDERS,
    Interactions,
    Participants,
    bound,
)
from training_data.occupations.occupations import Occupations
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary

P, E = bound(Participants), bound(Interactions)

FIRST_YEAR, DECADES = 1900, 21  # of birth, as the contract has them
GROUP_STARTS = np.cumsum([0, DECADES, len(EDUCATIONS), len(EMPLOYMENT_STATUSES)])
TAKING = ("purchase", "start", "complete", "rate")

# By an event's kind: whether the training was bought or begun, finished, and rated.
TAKES = np.isin(EVENT_KINDS, TAKING)
FINISHES = np.isin(EVENT_KINDS, ("complete", "rate"))
RATES = np.isin(EVENT_KINDS, ("rate",))


@dataclass(frozen=True)
class ParticipantBatch:
    """B participants. Codes are -1, floats NaN and ``birth_year`` 0 where a value is not known.

    Attributes
    ----------
    groups : tuple of tuples of str, B long
    occupation : tuple of str or None, B long
        Work now or last done, as it was written.
    target : ndarray of int32, shape (B,)
        Row in ``occupations`` of the work wished for.
    exact : ndarray of bool, shape (B,)
        Whether the coordinates are the person's own and not the region's.
    admitted_on : ndarray of int32, shape (B,)
        Days since 1970-01-01, -1 where not known.
    has_bought : ndarray of bool, shape (B,)
        Whether any training was bought, listed today or not.
    lacks_device, lacks_connection : ndarray of bool, shape (B,)
        Whether the person is known to have none.
    skills, needs : csr_matrix of float32, shape (B, S)
        Skills held, and skills that the wished-for occupation needs by weight.
    interested : ndarray of float32, shape (B, n_categories + 1)
        A one for each topic that the person named; the last column is 0, for a topic of number -1.
    stage : ndarray of float32, shape (B, at least one topic)
        How far each is in each topic: 0 for a beginner, who holds none of the skills that its trainings teach, to 2
        for four skills or more.
    taken, finished, rated : csr_matrix of float32, shape (B, N)
        Trainings bought or begun, finished, and rated.
    histories : Histories
        What the behaviour models see: relevant events in order; none of those who object to profiling.
    """

    birth_year: NDArray[np.int32]
    education: NDArray[np.int32]
    employment: NDArray[np.int32]
    gender: NDArray[np.int32]
    groups: tuple[tuple[str, ...], ...]
    occupation: tuple[str | None, ...]
    occupations: Occupations
    target: NDArray[np.int32]
    region: NDArray[np.int32]
    landmass: NDArray[np.int32]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    exact: NDArray[np.bool_]
    rural: NDArray[np.bool_]
    radius_km: NDArray[np.float64]
    balance: NDArray[np.int64]
    admitted_on: NDArray[np.int32]
    has_bought: NDArray[np.bool_]
    lacks_device: NDArray[np.bool_]
    lacks_connection: NDArray[np.bool_]
    skills: sp.csr_matrix
    needs: sp.csr_matrix
    interested: NDArray[np.float32]
    stage: NDArray[np.float32]
    taken: sp.csr_matrix
    finished: sp.csr_matrix
    rated: sp.csr_matrix
    histories: Histories
    opted_out: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.birth_year)

    @cached_property
    def has_finished(self) -> NDArray[np.bool_]:
        """Whether each training is finished, (B, N + 1); the last column is False, for the number -1."""
        found = np.zeros((len(self), self.finished.shape[1] + 1), dtype=bool)
        mark(self.finished.indptr, self.finished.indices, np.arange(len(self)), found)
        return found


def build_batch(
    participants: pl.DataFrame | Columns,
    events: pl.DataFrame | Columns,
    catalogue: Catalogue,
    regions: RegionTable,
    skills: Vocabulary,
    occupations: Occupations,
    grant: int | None,
    objective: Objective = DEFAULT,
) -> ParticipantBatch:
    """Turn validated participants and their events into arrays.

    Parameters
    ----------
    participants : DataFrame or mapping of str to list
        Columns of the Participants contract.
    events : DataFrame or mapping of str to list
        Columns of the Interactions contract; rows of other people or unknown trainings are left out.
    grant : int or None
        Balance of those whose own is not known; None: unlimited.
    objective : Objective
        What events are worth; histories hold those that are worth anything.
    """
    region = positions(participants[P.region_code.name], regions.find)
    latitude, longitude, exact = located(
        region, participants[P.latitude.name], participants[P.longitude.name], regions
    )
    target = positions(participants[P.target_occupation.name], occupations.vocabulary.find)
    held = indicator(participants[P.skills.name], skills.find, len(skills))
    single = _single(participants, grant)
    opted_out = single["opted_out"]
    done = _done(events, participants[P.participant_id.name], catalogue, objective)
    return ParticipantBatch(
        **single,
        gender=codes_of(participants[P.gender.name], GENDERS),
        groups=tuple(map(tuple, plain(participants[P.groups.name]))),
        occupation=tuple(plain(participants[P.occupation.name])),
        occupations=occupations,
        target=target,
        region=region,
        landmass=np.where(region >= 0, regions.landmass[region], -1).astype(np.int32),
        latitude=latitude,
        longitude=longitude,
        exact=exact,
        has_bought=done.bought,
        skills=held,
        needs=rows_of(occupations.needs, target),
        interested=spread(
            indicator(
                participants[P.interests.name],
                lambda name: catalogue.category_index.get(name.casefold(), -1),
                len(catalogue.categories),
            )
        ),
        stage=_stage(held, catalogue),
        taken=done.of(TAKES),
        finished=done.of(FINISHES),
        rated=done.of(RATES),
        histories=done.histories(opted_out),
    )


def wished_topics(batch: ParticipantBatch, catalogue: Catalogue) -> NDArray[np.float32]:
    """Return the shares of the topics among a person's interests and past trainings, (B, n_categories).

    A row of zeros where neither is known, or the person objects to profiling.
    """
    counts = np.asarray((batch.histories.matrix() @ catalogue.topics).todense())
    counts += batch.interested[:, :-1] * ~batch.opted_out[:, None]
    shares: NDArray[np.float32] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def _stage(skills: sp.csr_matrix, catalogue: Catalogue) -> NDArray[np.float32]:
    held = sums_of_rows(skills.indptr, skills.indices, skills.data, catalogue.topics_of_skills)
    stage: NDArray[np.float32] = np.minimum(held / np.float32(2), np.float32(2))
    return stage


def _single(table: pl.DataFrame | Columns, grant: int | None) -> dict[str, NDArray[Any]]:
    """Return the fields of a batch that are one column each."""
    unlimited = np.iinfo(np.int64).max if grant is None else grant
    return {
        "birth_year": filled(table[P.birth_year.name], 0, np.int32),
        "education": codes_of(table[P.education.name], EDUCATIONS),
        "employment": codes_of(table[P.employment_status.name], EMPLOYMENT_STATUSES),
        "rural": filled(table[P.rural.name], False, np.bool_),
        "radius_km": filled(table[P.radius_km.name], np.nan, np.float64),
        "balance": filled(table[P.balance_idr.name], unlimited, np.int64),
        "admitted_on": days(table[P.admitted_on.name], -1),
        "lacks_device": ~filled(table[P.has_device.name], True, np.bool_),
        "lacks_connection": ~filled(table[P.has_connection.name], True, np.bool_),
        "opted_out": filled(table[P.profiling_opt_out.name], False, np.bool_),
    }


def region_attributes(
    region: NDArray[np.int32], opted_out: NDArray[np.bool_], regions: RegionTable
) -> sp.csr_matrix:
    """Return a one for each region that a participant lives in, from the smallest to the largest, (B, R)."""
    around = regions.around[np.where(opted_out, -1, region)]
    rows = np.repeat(np.arange(len(region)), around.shape[1])
    return ones_at(rows, around.ravel(), (len(region), len(regions)))


def group_attributes(participants: pl.DataFrame) -> sp.csr_matrix:
    """Return a one for each group that a participant is of: decade of birth, schooling, work, (B, G).

    Sex and disability are left out on purpose: what others of one's sex take is no reason to be led
    there. Those who object to profiling are of no group.
    """
    return groups_of(_single(participants, None))


def groups_of(single: Mapping[str, NDArray[Any]]) -> sp.csr_matrix:
    """Return the same from the fields of a batch."""
    born = single["birth_year"]
    decade = np.where(born > 0, (born - FIRST_YEAR) // 10, -1)
    codes = np.array([decade, single["education"], single["employment"]])
    known = (codes >= 0) & ~single["opted_out"]
    columns = np.where(known, codes + GROUP_STARTS[:-1, None], -1).ravel()
    rows = np.concatenate([np.arange(len(born))] * len(codes))
    return ones_at(rows, columns, (len(born), int(GROUP_STARTS[-1])))


@dataclass(frozen=True)
class _Done:
    """Events of a batch with known trainings, oldest first within a participant.

    ``kinds`` are places in ``EVENT_KINDS``.
    """

    rows: NDArray[np.int32]
    courses: NDArray[np.int32]
    kinds: NDArray[np.int32]
    worth: NDArray[np.float32]
    at: NDArray[np.int64]
    bought: NDArray[np.bool_]
    shape: tuple[int, int]

    def of(self, kinds: NDArray[np.bool_]) -> sp.csr_matrix:
        chosen = kinds[self.kinds]
        return ones_at(self.rows[chosen], self.courses[chosen], self.shape)

    def histories(self, opted_out: NDArray[np.bool_]) -> Histories:
        kept = (self.worth > 0) & ~opted_out[self.rows]
        sizes = np.bincount(self.rows[kept], minlength=self.shape[0])
        return Histories(
            indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            items=self.courses[kept],
            weights=self.worth[kept],
            n_items=self.shape[1],
            at=self.at[kept],
        )


def events_of(participants: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return the events of these participants: a block need not read those of all others."""
    ids = participants[P.participant_id.name]
    return events.filter(E.participant_id.col.is_in(ids.implode()))


def _done(
    events: pl.DataFrame | Columns, people: Column, catalogue: Catalogue, objective: Objective
) -> _Done:
    places = {person: row for row, person in enumerate(plain(people))}
    rows = positions(events[E.participant_id.name], lambda name: places.get(name, -1))
    mine = np.flatnonzero(rows >= 0)
    courses = positions(events[E.course_id.name], lambda name: catalogue.index.get(name, -1))
    kinds = positions(events[E.kind.name], EVENT_KINDS.index)
    worth = objective.worth(events)
    at = seconds(events[E.at.name])
    bought = np.zeros(len(people), dtype=bool)
    bought[rows[mine[TAKES[kinds[mine]]]]] = True
    order = mine[np.lexsort((at[mine], rows[mine]))]
    order = order[courses[order] >= 0]
    shape = (len(people), len(catalogue))
    return _Done(rows[order], courses[order], kinds[order], worth[order], at[order], bought, shape)
