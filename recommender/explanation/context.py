"""What reasons for recommended trainings are drawn from, for many pairs of a participant and a training at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.pairs import heaviest
from recommender.catalogue.labour_demand import LabourDemand
from recommender.catalogue.quality import Quality
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.travel import find_nearest_sessions
from recommender.participants.batch import Vocabularies
from recommender.participants.prepared import PreparedParticipants
from recommender.retrieval.sources import BehaviourModels


@dataclass(frozen=True, eq=False, slots=True)
class Reason:
    """One reason: a code of the message files, and the evidence its text needs.

    Pairs of which the same is to be said share one reason, so reasons are told apart by identity.
    """

    code: str
    evidence: dict[str, Any]


class NearestSessions(NamedTuple):
    """Regions (M,), -1 for a training that is taken online or has no open session, and km (M,), NaN for those."""

    region: NDArray[np.int32]
    km: NDArray[np.float64]


@dataclass(frozen=True)
class ExplanationContext:
    """All that reasons for M pairs are drawn from.

    Parameters
    ----------
    rows, courses : ndarray of int, shape (M,)
        Rows of the participants and of the catalogue.
    course_vectors : ndarray of float32, shape (N, D)
    models : mapping of str to LinearModel
        The behaviour models by their source.
    language : str
        In which skills, occupations and regions are named.
    """

    rows: NDArray[np.intp]
    courses: NDArray[np.int32]
    participants: PreparedParticipants
    query: EligibilityQuery
    course_vectors: NDArray[np.float32]
    quality: Quality
    demand: LabourDemand
    models: BehaviourModels
    vocabularies: Vocabularies
    language: str

    @cached_property
    def nearest_sessions(self) -> NearestSessions:
        """The nearest open session of each pair's training."""
        query, sessions = self.query, self.query.availability.attended_sessions
        region = np.full(len(self.rows), -1, dtype=np.int32)
        km = np.full(len(self.rows), np.nan)
        attended = np.flatnonzero(query.catalogue.face_to_face[self.courses])
        if len(attended) and len(sessions):
            nearest, km[attended] = find_nearest_sessions(
                query.batch,
                self.rows[attended],
                self.courses[attended],
                sessions,
                query.availability.attended_routes,
            )
            region[attended] = np.where(nearest >= 0, sessions.location.region[nearest], -1)
        return NearestSessions(region, km)

    @cached_property
    def profiled_regions(self) -> NDArray[np.int32]:
        """Region of each pair's participant, -1 where not known or the person objects to profiling."""
        batch = self.query.batch
        return np.where(batch.opted_out, -1, batch.home.region)[self.rows].astype(np.int32)

    def skill_labels(self) -> list[str]:
        """Return the label of each skill."""
        return self.vocabularies.skills.labels(self.language)

    def occupation_labels(self) -> list[str]:
        """Return the label of each occupation."""
        return self.vocabularies.occupations.vocabulary.labels(self.language)

    def region_name(self, region: int) -> str | None:
        """Return the name of a region; None where it is not known."""
        return None if region < 0 else self.vocabularies.regions.names[region]

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
