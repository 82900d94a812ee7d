"""What reasons for recommended trainings are drawn from, for many pairs of a participant and a training at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.pairs import heaviest
from recommender.catalogue.labour_demand import LabourDemand
from recommender.catalogue.quality import Quality
from recommender.eligibility.calendar import find_ready_days
from recommender.eligibility.next_class import NextClasses, find_next_classes
from recommender.eligibility.query import EligibilityQuery
from recommender.explanation.takers import Takers
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.reader import ParticipantReader
from recommender.retrieval.relevance import Relevance


@dataclass(frozen=True, eq=False, slots=True)
class Reason:
    """One reason: a code of the message files, and the evidence its text needs.

    Pairs of which the same is to be said share one reason, so reasons are told apart by identity.
    """

    code: str
    evidence: dict[str, Any]


@dataclass(frozen=True)
class ExplanationContext:
    """All that reasons for M pairs are drawn from.

    Parameters
    ----------
    rows, courses : ndarray of int, shape (M,)
        Rows of the participants and of the catalogue.
    relevance : Relevance
        Which trainings answer which phrase.
    takers : Takers
        Who took what.
    reader : ParticipantReader
        That has read the participants.
    language : str
        In which skills, occupations and regions are named.
    ready : ndarray of int64, shape (M,), optional
        The first day on which each training can be bought; None: as soon as the person can.
    """

    rows: NDArray[np.intp]
    courses: NDArray[np.int32]
    participants: PreparedParticipants
    query: EligibilityQuery
    relevance: Relevance
    quality: Quality
    demand: LabourDemand
    takers: Takers
    reader: ParticipantReader
    language: str
    ready: NDArray[np.int64] | None = None

    @cached_property
    def next_classes(self) -> NextClasses:
        """The next class of each pair's training."""
        ready = find_ready_days(self.query)[self.rows] if self.ready is None else self.ready
        return find_next_classes(self.query, self.rows, self.courses, ready)

    @cached_property
    def profiled_regions(self) -> NDArray[np.int32]:
        """Region of each pair's participant, -1 where not known or the person objects to profiling."""
        batch = self.query.batch
        return np.where(batch.opted_out, -1, batch.home.region)[self.rows].astype(np.int32)

    @cached_property
    def named_goals(self) -> NDArray[np.int32]:
        """The occupation that each pair's participant wishes for, -1 for none."""
        return self.query.batch.skills.target[self.rows]

    def skill_labels(self) -> list[str]:
        """Return the label of each skill, as it stands within a sentence."""
        return self.reader.vocabularies.skills.labels_in_sentences(self.language)

    def occupation_labels(self) -> list[str]:
        """Return the label of each occupation, as it stands within a sentence."""
        return self.reader.vocabularies.occupations.vocabulary.labels_in_sentences(self.language)

    def region_name(self, region: int) -> str | None:
        """Return the name of a region; None where it is not known."""
        return None if region < 0 else self.reader.vocabularies.regions.names[region]

    def find_heaviest_skills(self, count: int, *, held: bool) -> NDArray[np.int32]:
        """Return the skills that weigh most for the goal, of what each training teaches, (M, count).

        Parameters
        ----------
        held : bool
            Whether skills count that the person has already.
        """
        skills = self.query.batch.skills
        return heaviest(
            skills.needs.indptr,
            skills.needs.indices,
            skills.needs.data,
            np.zeros_like(skills.held.indptr) if held else skills.held.indptr,
            skills.held.indices,
            self.rows,
            self.query.catalogue.taught,
            self.courses,
            count,
        )


class PairReasons(NamedTuple):
    """For which pairs (M,) there is evidence, and the reason of one of them."""

    has_evidence: NDArray[np.bool_]
    make: Callable[[int], Reason]


ReasonGenerator = Callable[[ExplanationContext], PairReasons]


def by_number(found: NDArray[np.integer], make: Callable[[int], Reason]) -> PairReasons:
    """Give a reason by what was found for each pair, -1 where nothing was; that of each number is made once."""
    numbers = found.tolist()
    made: dict[int, Reason] = {}

    def reason(pair: int) -> Reason:
        number = numbers[pair]
        if number not in made:
            made[number] = make(number)
        return made[number]

    return PairReasons(found >= 0, reason)
