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
from recommender.demand import Demand
from recommender.quality import Quality
from recommender.question import Question
from recommender.reach import nearest_places
from recommender.wishes import Wishes
from training_data.frames import segments
from training_data.regions import RegionTable
from training_data.vocabulary import Occupations, Vocabulary

Evidence = dict[str, Any]


class Why(NamedTuple):
    """One reason: a code of the message files, and the evidence its text needs."""

    code: str
    evidence: Evidence


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
    course_vectors: NDArray[np.float32]
    quality: Quality
    demand: Demand
    sources: Mapping[str, LinearModel]
    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations
    language: str

    @cached_property
    def whereabouts(self) -> list[tuple[str | None, float] | None]:
        """Region and kilometres of the nearest open place of each pair's training.

        None for one that is taken online, or has no open place.
        """
        question, places = self.question, self.question.offer.places_to_go_to
        found: list[tuple[str | None, float] | None] = [None] * len(self.rows)
        met = np.flatnonzero(question.catalogue.face_to_face[self.courses])
        if not len(met):
            return found
        place, km = nearest_places(
            question.batch,
            self.rows[met],
            self.courses[met],
            places,
            question.offer.roads_to_them,
        )
        region = places.region[place] if len(places) else place
        there = zip(met.tolist(), place.tolist(), region.tolist(), km.tolist(), strict=True)
        for pair, open_, where, far in there:
            if open_ >= 0:
                found[pair] = self.region_name(where), far
        return found

    def region_name(self, region: int) -> str | None:
        """Name of a region; None where it is not known."""
        return None if region < 0 else self.regions.names[region]

    @cached_property
    def taken(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """The courses that the models know of each pair's participant, pair by pair.

        Where each pair's begin, (M + 1,), the courses, (P,), and the pair's own training beside each.
        """
        starts, courses, _ = self.question.batch.histories.cells()
        begin, pairs, cells = segments(starts, self.rows)
        return begin, courses[cells], self.courses[pairs]

    def weightiest(self, weights: NDArray[np.float32], most: int) -> NDArray[np.int32]:
        """Return the skills that weigh most, by (B, S + 1), of what each training teaches, (M, most)."""
        return heaviest(weights, self.rows, self.question.catalogue.taught, self.courses, most)
