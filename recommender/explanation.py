"""Why a training was recommended: reason codes with evidence, from the features that moved its score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.histories import Histories
from models.candidates.popularity import Popularity
from recommender.demand import Demand
from recommender.features import FEATURES, PERSONAL
from recommender.quality import Quality
from recommender.question import Question
from recommender.reach import nearest_place
from recommender.wishes import Wishes
from training_data.columns import Courses
from training_data.regions import RegionTable
from training_data.vocabulary import Occupations, Vocabulary

Evidence = dict[str, Any]
MOST_REASONS = 3
CLOSE = 0.25  # 99 of 100 unrelated pairs of a skill and a training are less alike (cosine)
DEMAND = 2  # openings; one alone is no demand


@dataclass(frozen=True)
class Why:
    """One reason: a code of the message files, and the evidence its text needs."""

    code: str
    evidence: Evidence


@dataclass(frozen=True)
class Explainer:
    """All that reasons are drawn from, for one answered question.

    Parameters
    ----------
    question : Question
    wishes : Wishes
    course_vectors : ndarray of float32, shape (N, D)
    quality : Quality
    demand : Demand
    sources : mapping of str to CandidateModel
        The behaviour models by the name of their feature.
    language : str
        In which skills, occupations and regions are named.
    """

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

    def why(self, row: int, course: int, contributions: NDArray[np.float32]) -> list[Why]:
        """Return up to three reasons for one recommended training, the strongest first.

        Only features that raised the score speak, and only where there is evidence to show; a training
        that none speaks for is at least permitted.
        """
        found: list[Why] = []
        for feature in np.argsort(-contributions):
            if self.question.batch.opted_out[row] and PERSONAL[feature]:
                continue  # trees may find that it moved a score to say nothing of a person
            backing = BACKING.get(FEATURES[feature])
            if contributions[feature] <= 0 or len(found) == MOST_REASONS:
                break
            if backing and (why := backing(self, row, course)):
                found.append(why)
        return found or [Why("permitted", {"balance": int(self.question.batch.balance[row])})]

    @cached_property
    def titles(self) -> pl.Series:
        """Title of each training."""
        return self.question.catalogue.table[Courses.title.name]

    def nearest_place(self, row: int, course: int) -> tuple[str | None, float] | None:
        """Return the region and the kilometres to the nearest open place of a training, if there is one."""
        places = self.question.offer.open_places
        places = places.take(places.course == course)
        if not len(places.course):
            return None
        question = self.question
        nearest, km = nearest_place(question.batch, row, places, self.regions, question.rules.reach)
        return self.region_name(places.region[nearest]), km

    def region_name(self, region: int) -> str | None:
        """Name of a region; None where it is not known."""
        return None if region < 0 else str(self.regions.frame["name"][int(region)])

    def skill_labels(self, weights: Any) -> list[str]:
        """Labels of the skills of a (1, S) sparse row, the weightiest first."""
        order = np.argsort(-weights.data, kind="stable")
        return [self.skills.terms[int(i)].label(self.language) for i in weights.indices[order]]


def _gap(e: Explainer, row: int, course: int) -> Why | None:
    batch, taught = e.question.batch, e.question.catalogue.skills[course]
    missing = batch.needs[row].multiply(taught)
    missing = (missing - missing.multiply(batch.skills[row])).tocsr()
    missing.eliminate_zeros()
    return _of_occupation(e, row, "closes_gap", missing)


def _needed(e: Explainer, row: int, course: int) -> Why | None:
    taught = e.question.catalogue.skills[course]
    return _of_occupation(
        e, row, "skills_needed", e.question.batch.needs[row].multiply(taught).tocsr()
    )


def _of_occupation(e: Explainer, row: int, code: str, skills: Any) -> Why | None:
    target = e.question.batch.target[row]
    if not skills.nnz or target < 0:
        return None
    occupation = e.occupations.vocabulary.terms[target].label(e.language)
    return Why(code, {"occupation": occupation, "skills": e.skill_labels(skills)[:3]})


def _interest(e: Explainer, row: int, course: int) -> Why | None:
    category = e.question.catalogue.category[course]
    if category < 0 or not e.question.batch.interests[row, category]:
        return None
    return Why("interest", {"topic": e.question.catalogue.categories[category]})


def _wish(e: Explainer, row: int, course: int) -> Why | None:
    phrases = e.wishes.weights[row].indices
    if not len(phrases):
        return None
    closeness = e.wishes.vectors[phrases] @ e.course_vectors[course]
    best = int(closeness.argmax())
    if closeness[best] < CLOSE:
        return None
    return Why("close_to_wish", {"phrase": e.wishes.phrases[phrases[best]]})


def _because_of(code: str, source: str) -> Callable[[Explainer, int, int], Why | None]:
    """Name the training of the person's own history that alone speaks most for this one."""

    def backing(e: Explainer, row: int, course: int) -> Why | None:
        items = np.unique(e.question.batch.histories.take(slice(row, row + 1)).items)
        if not len(items) or source not in e.sources:
            return None
        ones = Histories(
            indptr=np.arange(len(items) + 1),
            items=items,
            weights=np.ones(len(items), np.float32),
            n_items=len(e.question.catalogue),
            at=np.zeros(len(items), np.int64),
        )
        alone = e.sources[source].score(ones)[:, course]
        if alone.max() <= 0:
            return None
        return Why(code, {"course": e.titles[int(items[alone.argmax()])]})

    return backing


def _like_you(e: Explainer, row: int, course: int) -> Why | None:  # noqa: ARG001
    return Why("similar_participants", {})


def _popular(e: Explainer, row: int, course: int) -> Why | None:
    """Say "here" only where the training's share among the region's own choices is above everybody's."""
    batch, source = e.question.batch, e.sources.get("regional_popularity")
    region = int(batch.region[row])
    if not isinstance(source, Popularity) or batch.opted_out[row] or region < 0:
        return Why("popular", {})
    here = source.group_share_  # empty where nobody's region was known
    if not len(here) or here[region, course] <= source.share_[course]:
        return Why("popular", {})
    return Why("popular_here", {"region": e.region_name(region)})


def _near(e: Explainer, row: int, course: int) -> Why | None:
    if not e.question.catalogue.face_to_face[course]:
        return None
    place = e.nearest_place(row, course)
    if place is None or place[0] is None:
        return None
    if place[0] == e.region_name(e.question.batch.region[row]):
        return Why("own_region", {"region": place[0]})
    return Why("near", {"region": place[0], "km": round(place[1])})


def _placement(e: Explainer, row: int, course: int) -> Why | None:  # noqa: ARG001
    placement = e.quality.measures["placement"]
    if not placement.known[course]:
        return None
    return Why("leads_to_work", {"placement": float(placement.mean[course])})


def _rated(e: Explainer, row: int, course: int) -> Why | None:  # noqa: ARG001
    measures = e.quality.measures
    known = measures["rating"].known[course] or measures["completion"].known[course]
    above = e.quality.overall[course] > np.median(e.quality.overall)
    return Why("well_rated", {}) if known and above else None


def _sought(e: Explainer, row: int, course: int) -> Why | None:
    """Name openings for the work wished for, where the training serves it, else for a skill it teaches."""
    batch, taught = e.question.batch, e.question.catalogue.skills[course]
    if batch.opted_out[row]:
        return None
    region, target = int(batch.region[row]), int(batch.target[row])
    if target >= 0 and batch.needs[row].multiply(taught).nnz:
        jobs = e.demand.openings_as(region, target)
        if jobs and jobs[0] >= DEMAND:
            occupation = e.occupations.vocabulary.terms[target].label(e.language)
            where = {"openings": jobs[0], "region": e.region_name(jobs[1])}
            return Why("vacancies_as", where | {"occupation": occupation})
    asking = e.demand.openings_asking(region, taught.indices)
    if not asking or asking[0] < DEMAND:
        return None
    skill = e.skills.terms[asking[1]].label(e.language)
    where = {"openings": asking[0], "region": e.region_name(asking[2])}
    return Why("vacancies", where | {"skill": skill})


BACKING: dict[str, Callable[[Explainer, int, int], Why | None]] = {
    "content": _wish,
    "gap_closed": _gap,
    "skills_needed": _needed,
    "interest_match": _interest,
    "behaviour": _because_of("follows_history", "behaviour"),
    "next_course": _because_of("next_course", "next_course"),
    "similar_participants": _like_you,
    "regional_popularity": _popular,
    "nearness": _near,
    "placement": _placement,
    "quality": _rated,
    "vacancy_demand": _sought,
}
