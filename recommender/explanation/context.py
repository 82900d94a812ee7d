"""What reasons for recommended trainings are drawn from, for many pairs of a participant and a training at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.candidates.linear import LinearModel
from models.kernels.pairs import heaviest
from recommender.catalogue.labour_demand import Demand
from recommender.catalogue.quality import Quality
from recommender.eligibility.query import Question
from recommender.eligibility.travel import nearest_places
from recommender.participants.profile_embedding import Wishes
from recommender.participants.representations import Tastes
from training_data.occupations.occupations import Occupations
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary

Evidence = dict[str, Any]


class Why(NamedTuple):
    """One reason: a code of the message files, and the evidence its text needs."""

    code: str
    evidence: Evidence


class Whereabouts(NamedTuple):
    """Regions (M,), -1 for a training that is taken online or has no open place, and km (M,), NaN for those."""

    region: NDArray[np.int32]
    km: NDArray[np.float64]


@dataclass(frozen=True)
class Explainer:
    """All that reasons for M pairs are drawn from.

    Parameters
    ----------
    rows, courses : ndarray of int, shape (M,)
        Rows of the batch and of the catalogue.
    course_vectors : ndarray of float32, shape (N, D)
    sources : mapping of str to LinearModel
        The behaviour models by the name of their feature.
    language : str
        In which skills, occupations and regions are named.
    """

    rows: NDArray[np.intp]
    courses: NDArray[np.int32]
    question: Question
    wishes: Wishes
    tastes: Tastes
    course_vectors: NDArray[np.float32]
    quality: Quality
    demand: Demand
    sources: Mapping[str, LinearModel]
    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations
    language: str

    @cached_property
    def whereabouts(self) -> Whereabouts:
        """The nearest open place of each pair's training."""
        question, places = self.question, self.question.offer.places_to_go_to
        region = np.full(len(self.rows), -1, dtype=np.int32)
        km = np.full(len(self.rows), np.nan)
        met = np.flatnonzero(question.catalogue.face_to_face[self.courses])
        if len(met) and len(places):
            nearest, km[met] = nearest_places(
                question.batch,
                self.rows[met],
                self.courses[met],
                places,
                question.offer.roads_to_them,
            )
            region[met] = np.where(nearest >= 0, places.region[nearest], -1)
        return Whereabouts(region, km)

    def region_name(self, region: int) -> str | None:
        """Name of a region; None where it is not known."""
        return None if region < 0 else self.regions.names[region]

    def weightiest(self, most: int, *, held: bool) -> NDArray[np.int32]:
        """Return the skills that weigh most for the work wished for, of what each training teaches, (M, most).

        Parameters
        ----------
        held : bool
            Whether skills count that the person has already.
        """
        batch, taught = self.question.batch, self.question.catalogue.taught
        needs, left_out = batch.needs, batch.skills
        return heaviest(
            needs.indptr,
            needs.indices,
            needs.data,
            np.zeros_like(left_out.indptr) if held else left_out.indptr,
            left_out.indices,
            self.rows,
            taught,
            self.courses,
            most,
        )
