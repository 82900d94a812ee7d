"""Participants as arrays: one batch, be it of one person in a request or of many in the national run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.sparse import sums_of_rows
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.locations import Locations
from recommender.objective import Objective
from training_data.arrays import (
    Column,
    Table,
    build_indicator,
    build_ones,
    densify,
    encode_strings,
    fill_nulls,
    look_up,
    mark_cells,
    take_rows,
    to_days,
    to_list,
    to_seconds,
)
from training_data.columnar import Columnar
from training_data.columns import (
    EDUCATIONS,
    EMPLOYMENT_STATUSES,
    EVENT_KINDS,
    GENDERS,
    Interactions,
    Participants,
    bind_columns,
)
from training_data.occupations.occupations import Occupations
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary

P, E = bind_columns(Participants), bind_columns(Interactions)

SECONDS_A_DAY = 86_400
UNKNOWN_DAY = int(np.iinfo(np.int32).min)  # of graduation, which may be before 1970

TAKING = ("purchase", "start", "complete", "rate")

# By an event's kind: whether the training was bought or begun, begun, finished, and rated.
TAKES = np.isin(EVENT_KINDS, TAKING)
BEGINS = np.isin(EVENT_KINDS, ("start", "complete", "rate"))
FINISHES = np.isin(EVENT_KINDS, ("complete", "rate"))
RATES = np.isin(EVENT_KINDS, ("rate",))


@dataclass(frozen=True)
class PersonalFacts(Columnar):
    """What B people say of themselves, as codes: -1, and 0 for ``birth_year``, where it is not known.

    Attributes
    ----------
    birth_year, gender, education, employment : ndarray of int32, shape (B,)
    occupation : tuple of str or None, B long
        Work now or last done, as it was written.
    groups : tuple of tuples of str, B long
    graduated_on : ndarray of int32, shape (B,)
        Days since 1970-01-01, ``UNKNOWN_DAY`` where not known.
    """

    birth_year: NDArray[np.int32]
    gender: NDArray[np.int32]
    education: NDArray[np.int32]
    employment: NDArray[np.int32]
    occupation: tuple[str | None, ...]
    groups: tuple[tuple[str, ...], ...]
    graduated_on: NDArray[np.int32]


@dataclass(frozen=True)
class SkillProfile(Columnar):
    """What B people can do, and what for.

    Attributes
    ----------
    held : csr_matrix of float32, shape (B, S)
        A one for each skill held.
    target : ndarray of int32, shape (B,)
        Row of the occupation wished for, -1 for none.
    needs : csr_matrix of float32, shape (B, S)
        Skills that this occupation needs, by weight.
    interests : ndarray of float32, shape (B, n_categories + 1)
        A one for each topic that the person named; the last column is 0, for a topic of number -1.
    stage : ndarray of float32, shape (B, at least one topic)
        How far each is in each topic: 0 for a beginner, who holds none of the skills that its trainings teach, to 2
        for four skills or more.
    """

    held: sp.csr_matrix
    target: NDArray[np.int32]
    needs: sp.csr_matrix
    interests: NDArray[np.float32]
    stage: NDArray[np.float32]


@dataclass(frozen=True)
class PastTrainings(Columnar):
    """What B people did with the catalogue's trainings.

    Attributes
    ----------
    taken, finished, rated : csr_matrix of float32, shape (B, N)
        Trainings bought or begun, finished, and rated.
    has_bought, has_begun : ndarray of bool, shape (B,)
        Whether any training was bought, and begun, listed today or not.
    finished_on : ndarray of int32, shape (B,)
        When the last training was finished, listed today or not, in days since 1970-01-01; not above 0 where
        none was, or its day is not known.
    histories : Histories
        What the behaviour models see: relevant events in order; none of those who object to profiling.
    """

    taken: sp.csr_matrix
    finished: sp.csr_matrix
    rated: sp.csr_matrix
    has_bought: NDArray[np.bool_]
    has_begun: NDArray[np.bool_]
    finished_on: NDArray[np.int32]
    histories: Histories

    @cached_property
    def is_finished(self) -> NDArray[np.bool_]:
        """Whether each training is finished, (B, N + 1); the last column is False, for the number -1."""
        marked = mark_cells(self.finished, np.arange(self.finished.shape[0]))
        return np.pad(marked, ((0, 0), (0, 1)))


@dataclass(frozen=True)
class ParticipantBatch(Columnar):
    """B participants in columns.

    Attributes
    ----------
    home : Locations
        Where they live.
    rural : ndarray of bool, shape (B,)
    radius_km : ndarray of float64, shape (B,)
        How far they travel by their own word; NaN where they do not say.
    balance : ndarray of int64, shape (B,)
        In the programme's currency.
    admitted_on : ndarray of int32, shape (B,)
        Days since 1970-01-01, -1 where not known.
    lacks_device, lacks_connection : ndarray of bool, shape (B,)
        Whether the person is known to have none.
    opted_out : ndarray of bool, shape (B,)
        Whether they object to profiling.
    occupations : Occupations
        What ``skills.target`` counts.
    """

    facts: PersonalFacts
    home: Locations
    rural: NDArray[np.bool_]
    radius_km: NDArray[np.float64]
    balance: NDArray[np.int64]
    admitted_on: NDArray[np.int32]
    lacks_device: NDArray[np.bool_]
    lacks_connection: NDArray[np.bool_]
    skills: SkillProfile
    past: PastTrainings
    opted_out: NDArray[np.bool_]
    occupations: Occupations

    def __len__(self) -> int:
        return len(self.opted_out)


@dataclass(frozen=True)
class Vocabularies:
    """What the words and codes of participants refer to."""

    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations


def build_batch(
    participants: Table,
    events: Table,
    catalogue: Catalogue,
    vocabularies: Vocabularies,
    grant: int | None,
    objective: Objective,
) -> ParticipantBatch:
    """Turn valid rows of participants and of their events into arrays.

    Parameters
    ----------
    participants : DataFrame or mapping of str to list
        Columns of the Participants contract, skills and target linked.
    events : DataFrame or mapping of str to list
        Columns of the Interactions contract; rows of other people or unknown trainings are left out.
    grant : int or None
        Balance of those whose own is not known; None: unlimited.
    objective : Objective
        What events are worth; histories hold those that are worth anything.
    """
    opted_out = fill_nulls(participants[P.profiling_opt_out.name], False, np.bool_)
    unlimited = np.iinfo(np.int64).max if grant is None else grant
    return ParticipantBatch(
        facts=_read_facts(participants),
        home=Locations.in_regions(
            look_up(participants[P.region_code.name], vocabularies.regions.find),
            participants[P.latitude.name],
            participants[P.longitude.name],
            vocabularies.regions,
        ),
        rural=fill_nulls(participants[P.rural.name], False, np.bool_),
        radius_km=fill_nulls(participants[P.radius_km.name], np.nan, np.float64),
        balance=fill_nulls(participants[P.balance_idr.name], unlimited, np.int64),
        admitted_on=to_days(participants[P.admitted_on.name], -1),
        lacks_device=~fill_nulls(participants[P.has_device.name], True, np.bool_),
        lacks_connection=~fill_nulls(participants[P.has_connection.name], True, np.bool_),
        skills=_read_skills(participants, catalogue, vocabularies),
        past=_read_past(
            events, participants[P.participant_id.name], opted_out, catalogue, objective
        ),
        opted_out=opted_out,
        occupations=vocabularies.occupations,
    )


def _read_facts(table: Table) -> PersonalFacts:
    return PersonalFacts(
        birth_year=fill_nulls(table[P.birth_year.name], 0, np.int32),
        gender=encode_strings(table[P.gender.name], GENDERS),
        education=encode_strings(table[P.education.name], EDUCATIONS),
        employment=encode_strings(table[P.employment_status.name], EMPLOYMENT_STATUSES),
        occupation=tuple(to_list(table[P.occupation.name])),
        groups=tuple(map(tuple, to_list(table[P.groups.name]))),
        graduated_on=to_days(table[P.graduated_on.name], UNKNOWN_DAY),
    )


def _read_skills(table: Table, catalogue: Catalogue, vocabularies: Vocabularies) -> SkillProfile:
    skills, occupations = vocabularies.skills, vocabularies.occupations
    held = build_indicator(table[P.skills.name], skills.find, len(skills))
    target = look_up(table[P.target_occupation.name], occupations.vocabulary.find)
    topics = build_indicator(
        table[P.interests.name],
        lambda name: catalogue.category_index.get(name.casefold(), -1),
        len(catalogue.categories),
    )
    return SkillProfile(
        held,
        target,
        take_rows(occupations.needs, target),
        densify(topics),
        _find_stage(held, catalogue),
    )


def _find_stage(skills: sp.csr_matrix, catalogue: Catalogue) -> NDArray[np.float32]:
    held = sums_of_rows(skills.indptr, skills.indices, skills.data, catalogue.topics_of_skills)
    stage: NDArray[np.float32] = np.minimum(held / np.float32(2), np.float32(2))
    return stage


def _read_past(
    events: Table,
    people: Column,
    opted_out: NDArray[np.bool_],
    catalogue: Catalogue,
    objective: Objective,
) -> PastTrainings:
    """Read the events of these people with known trainings, oldest first within a participant."""
    row_of = {person: row for row, person in enumerate(to_list(people))}
    rows = look_up(events[E.participant_id.name], lambda name: row_of.get(name, -1))
    mine = np.flatnonzero(rows >= 0)
    courses = look_up(events[E.course_id.name], lambda name: catalogue.index.get(name, -1))
    kinds = look_up(events[E.kind.name], EVENT_KINDS.index)
    at = to_seconds(events[E.at.name])
    has_bought, has_begun = np.zeros((2, len(people)), dtype=bool)
    has_bought[rows[mine[TAKES[kinds[mine]]]]] = True
    has_begun[rows[mine[BEGINS[kinds[mine]]]]] = True
    finished_on = _find_last_finish(rows[mine], kinds[mine], at[mine], len(people))
    order = mine[np.lexsort((at[mine], rows[mine]))]
    order = order[courses[order] >= 0]
    shape = (len(people), len(catalogue))
    worth = objective.worth(events)[order]
    rows, courses, kinds = rows[order], courses[order], kinds[order]

    def build_pairs(chosen: NDArray[np.bool_]) -> sp.csr_matrix:
        some = chosen[kinds]
        return build_ones(rows[some], courses[some], shape)

    told = (worth > 0) & ~opted_out[rows]
    sizes = np.bincount(rows[told], minlength=len(people))
    return PastTrainings(
        taken=build_pairs(TAKES),
        finished=build_pairs(FINISHES),
        rated=build_pairs(RATES),
        has_bought=has_bought,
        has_begun=has_begun,
        finished_on=finished_on,
        histories=Histories(
            indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            items=courses[told],
            weights=worth[told],
            n_items=len(catalogue),
            at=at[order][told],
        ),
    )


def _find_last_finish(
    rows: NDArray[np.integer], kinds: NDArray[np.integer], at: NDArray[np.int64], count: int
) -> NDArray[np.int32]:
    """Return the day of each person's last completion; of the last rating where no completion is known."""
    last = np.zeros((2, count), dtype=np.int64)
    for found, kind in zip(last, ("complete", "rate"), strict=True):
        mine = kinds == EVENT_KINDS.index(kind)
        np.maximum.at(found, rows[mine], at[mine] // SECONDS_A_DAY)
    day: NDArray[np.int32] = np.where(last[0] > 0, last[0], last[1]).astype(np.int32)
    return day


def filter_events(participants: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return the events of these participants: a block need not read those of all others."""
    ids = participants[P.participant_id.name]
    return events.filter(E.participant_id.col.is_in(ids.implode()))
