"""Why trainings were recommended: reason codes with evidence, from the features that moved their scores.

Every function here speaks for many pairs of a participant and a training at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.ease import EASE
from models.candidates.popularity import Popularity
from models.candidates.transitions import Transitions
from models.kernels.pairs import largest, products
from recommender.demand import Demand
from recommender.features import FEATURES, PERSONAL
from recommender.quality import Quality
from recommender.question import Question
from recommender.reach import nearest_places
from recommender.wishes import Wishes
from training_data.frames import segments
from training_data.regions import RegionTable
from training_data.vocabulary import Occupations, Vocabulary

Evidence = dict[str, Any]
MOST_REASONS = 3
MOST_TOLD = 8  # features asked first; the others only where these give no reason
MOST_SKILLS = 3  # named in one reason
CLOSE = 0.25  # 99 of 100 unrelated pairs of a skill and a training are less alike (cosine)
DEMAND = 2  # openings; one alone is no demand


@dataclass(frozen=True)
class Why:
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
    sources : mapping of str to CandidateModel
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
    sources: Mapping[str, CandidateModel]
    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations
    language: str

    def why(self, contributions: NDArray[np.float32]) -> list[list[Why]]:
        """Return up to three reasons for each pair, the strongest first.

        Only features that raised the score speak, and only where there is evidence to show; a training
        that none speaks for is at least permitted.

        Parameters
        ----------
        contributions : ndarray of float32, shape (M, F)
        """
        batch = self.question.batch
        # trees may find that it moved a score to say nothing of a person
        hushed = batch.opted_out[self.rows, None] & PERSONAL
        raised = np.where(hushed, 0, contributions)
        order = np.argsort(-raised, axis=1, kind="stable")
        order = np.where(np.take_along_axis(raised, order, axis=1) > 0, order, -1)
        found: list[dict[str, Why]] = [{} for _ in self.rows]
        self._add(found, np.arange(len(found)), order[:, :MOST_TOLD])
        silent = np.flatnonzero([not whys for whys in found])
        if len(silent):
            self._add(found, silent, order[silent, MOST_TOLD:])
        balances = batch.balance[self.rows].tolist()
        return [
            list(whys.values())[:MOST_REASONS] or [Why("permitted", {"balance": balance})]
            for whys, balance in zip(found, balances, strict=True)
        ]

    def _add(
        self, found: list[dict[str, Why]], at: NDArray[np.intp], features: NDArray[np.int64]
    ) -> None:
        """Add what features (n, W), the strongest first, say of the pairs ``at``, once for each code."""
        width = features.shape[1]
        places = np.argsort(features, axis=None, kind="stable")
        ends = np.searchsorted(features.ravel()[places], np.arange(len(FEATURES) + 1))
        said: list[Why | None] = [None] * len(places)
        for name, first, end in zip(FEATURES, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            if name in BACKING and first < end:
                cells = places[first:end]
                whys = BACKING[name](self, at[cells // width])
                for cell, why in zip(cells.tolist(), whys, strict=True):
                    said[cell] = why
        for number, pair in enumerate(at.tolist()):
            for why in said[number * width : (number + 1) * width]:
                if why is not None:
                    found[pair].setdefault(why.code, why)  # two features may speak for the same

    @cached_property
    def whereabouts(self) -> list[tuple[str | None, float] | None]:
        """Region and kilometres of the nearest open place of each pair's training.

        None for one that is taken online, or has no open place.
        """
        question, places = self.question, self.question.offer.open_places
        found: list[tuple[str | None, float] | None] = [None] * len(self.rows)
        met = np.flatnonzero(question.catalogue.face_to_face[self.courses])
        place, km = nearest_places(
            question.batch,
            self.rows[met],
            self.courses[met],
            places,
            question.rules.reach,
            self.regions,
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
    def history(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The courses that the models know of the participants: where each one's begin, and all of them."""
        starts, courses, _ = self.question.batch.histories.cells()
        return starts, courses

    def taught(self, at: NDArray[np.intp]) -> NDArray[np.int32]:
        """Skills that the trainings of the pairs ``at`` teach, (n, W) padded with -1."""
        return self.question.catalogue.taught[self.courses[at]]


def _gap(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    return _of_occupation(e, at, "closes_gap", e.question.batch.missing)


def _needed(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    return _of_occupation(e, at, "skills_needed", e.question.batch.needed)


def _of_occupation(
    e: Explainer, at: NDArray[np.intp], code: str, weights: NDArray[np.float32]
) -> list[Why | None]:
    """Name the weightiest skills that a training teaches for the work wished for."""
    taught, rows = e.taught(at), e.rows[at]
    if not taught.shape[1]:
        return [None] * len(at)
    weight = weights[rows[:, None], taught]
    order = np.argsort(-weight, axis=1, kind="stable")[:, :MOST_SKILLS]
    best = np.take_along_axis(taught, order, axis=1).tolist()
    counts = (np.take_along_axis(weight, order, axis=1) > 0).sum(axis=1).tolist()
    targets = e.question.batch.target[rows].tolist()
    return [
        Why(
            code,
            {
                "occupation": e.occupations.vocabulary.terms[target].label(e.language),
                "skills": [e.skills.terms[skill].label(e.language) for skill in skills[:count]],
            },
        )
        if count and target >= 0
        else None
        for target, skills, count in zip(targets, best, counts, strict=True)
    ]


def _interest(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    category = e.question.catalogue.category[e.courses[at]]
    interests = e.question.batch.interested
    if not interests.shape[1]:
        return [None] * len(at)
    named = (category >= 0) & (interests[e.rows[at], category] > 0)
    topics = e.question.catalogue.categories
    return [
        Why("interest", {"topic": topics[number]}) if yes else None
        for number, yes in zip(category.tolist(), named.tolist(), strict=True)
    ]


def _wish(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    weights = e.wishes.weights
    ends, pairs, cells = segments(weights.indptr, e.rows[at])
    likeness = np.empty(len(cells), dtype=np.float32)
    phrases = weights.indices[cells]
    products(e.wishes.vectors, phrases, e.course_vectors, e.courses[at][pairs], likeness)
    best = largest(ends, likeness).tolist()
    names = e.wishes.phrases
    return [
        Why("close_to_wish", {"phrase": names[phrases[place]]})
        if place >= 0 and likeness[place] >= CLOSE
        else None
        for place in best
    ]


def _because_of(
    code: str, source: str
) -> Callable[[Explainer, NDArray[np.intp]], list[Why | None]]:
    """Name the training of the person's own history that alone speaks most for this one."""

    def backing(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
        model = e.sources.get(source)
        if not isinstance(model, EASE | Transitions):
            return [None] * len(at)
        starts, history = e.history
        ends, pairs, cells = segments(starts, e.rows[at])
        taken = history[cells]
        said = model.of_one(taken, e.courses[at][pairs])
        titles = e.question.catalogue.titles
        return [
            Why(code, {"course": titles[taken[place]]}) if place >= 0 and said[place] > 0 else None
            for place in largest(ends, said).tolist()
        ]

    return backing


def _like_you(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:  # noqa: ARG001
    return [Why("similar_participants", {})] * len(at)


def _popular(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    """Say "here" only where the training's share among the region's own choices is above everybody's."""
    batch, source = e.question.batch, e.sources.get("regional_popularity")
    anywhere = Why("popular", {})
    if not isinstance(source, Popularity) or not len(source.group_share_):
        return [anywhere] * len(at)
    region, courses = batch.region[e.rows[at]], e.courses[at]
    here = source.group_share_[region, courses] > source.share_[courses]
    here &= (region >= 0) & ~batch.opted_out[e.rows[at]]
    return [
        Why("popular_here", {"region": e.region_name(where)}) if yes else anywhere
        for where, yes in zip(region.tolist(), here.tolist(), strict=True)
    ]


def _builds(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    """Name a training that is needed first and was finished."""
    needed = e.question.catalogue.needed[e.courses[at]]
    if not needed.shape[1]:
        return [None] * len(at)
    finished = e.question.batch.has_finished[e.rows[at, None], needed]
    first = finished.argmax(axis=1)
    pairs = np.arange(len(at))
    titles = e.question.catalogue.titles
    return [
        Why("builds_on", {"course": titles[course]}) if yes else None
        for course, yes in zip(
            needed[pairs, first].tolist(), finished[pairs, first].tolist(), strict=True
        )
    ]


def _near(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    homes = e.question.batch.region[e.rows[at]].tolist()
    found: list[Why | None] = []
    for pair, home in zip(at.tolist(), homes, strict=True):
        place = e.whereabouts[pair]
        if place is None or place[0] is None:
            found.append(None)
        elif place[0] == e.region_name(home):
            found.append(Why("own_region", {"region": place[0]}))
        else:
            found.append(Why("near", {"region": place[0], "km": round(place[1])}))
    return found


def _placement(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    placement, courses = e.quality.measures["placement"], e.courses[at]
    return [
        Why("leads_to_work", {"placement": mean}) if known else None
        for mean, known in zip(
            placement.mean[courses].tolist(), placement.known[courses].tolist(), strict=True
        )
    ]


def _rated(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    measures, courses = e.quality.measures, e.courses[at]
    known = measures["rating"].known[courses] | measures["completion"].known[courses]
    above = e.quality.overall[courses] > e.quality.usual
    return [Why("well_rated", {}) if yes else None for yes in (known & above).tolist()]


def _sought(e: Explainer, at: NDArray[np.intp]) -> list[Why | None]:
    """Name openings for the work wished for, where the training serves it, else for a skill it teaches."""
    batch, rows, taught = e.question.batch, e.rows[at], e.taught(at)
    if not taught.shape[1]:
        return [None] * len(at)
    region = np.where(batch.opted_out[rows], -1, batch.region[rows])
    serves = (batch.needed[rows[:, None], taught] > 0).any(axis=1)
    target = np.where(serves, batch.target[rows], -1)
    jobs = e.demand.openings_as(region, target)
    asking = e.demand.openings_asking(region, taught)
    said: Sequence[Why | None] = [None] * len(at)
    labels = (
        (e.skills, "vacancies", "skill"),
        (e.occupations.vocabulary, "vacancies_as", "occupation"),
    )
    for found, (vocabulary, code, place) in zip((asking, jobs), labels, strict=True):
        said = [
            Why(
                code,
                {
                    "openings": count,
                    "region": e.region_name(where),
                    place: vocabulary.terms[term].label(e.language),
                },
            )
            if count >= DEMAND
            else before
            for count, term, where, before in zip(
                *(one.tolist() for one in found), said, strict=True
            )
        ]
    return list(said)


BACKING: dict[str, Callable[[Explainer, NDArray[np.intp]], list[Why | None]]] = {
    "content": _wish,
    "gap_closed": _gap,
    "skills_needed": _needed,
    "interest_match": _interest,
    "behaviour": _because_of("follows_history", "behaviour"),
    "next_course": _because_of("next_course", "next_course"),
    "similar_participants": _like_you,
    "regional_popularity": _popular,
    "group_popularity": _like_you,
    "builds_on": _builds,
    "nearness": _near,
    "placement": _placement,
    "quality": _rated,
    "completion": _rated,
    "vacancy_demand": _sought,
}
