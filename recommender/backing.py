"""What each feature that raised a score can say, with its evidence; for many pairs at once.

A function gets the pairs that a feature raised, and returns a reason for each, or None where it has nothing to
show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.candidates.ease import EASE
from models.candidates.popularity import Popularity
from models.candidates.transitions import Transitions
from models.kernels.pairs import largest, products
from recommender.explainer import Explainer, Why
from training_data.frames import segments

MOST_SKILLS = 3  # named in one reason
CLOSE = 0.25  # 99 of 100 unrelated pairs of a skill and a training are less alike (cosine)
DEMAND = 2  # openings; one alone is no demand


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
