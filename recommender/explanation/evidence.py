"""What features that raised a score can say, with its evidence.

Each function looks at all pairs of an explainer at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.candidates.ease import EASE
from models.candidates.popularity import Popularity
from models.candidates.transitions import Transitions
from models.kernels.pairs import closest
from recommender.explanation.context import Explainer, Why

MOST_SKILLS = 3  # named in one reason
CLOSE = 0.25  # 99 of 100 unrelated pairs of a skill and a training are less alike (cosine)
DEMAND = 2  # openings; one alone is no demand


class Voice(NamedTuple):
    """For which pairs (M,) there is something to show, and the reason for one of them."""

    speaks: NDArray[np.bool_]
    says: Callable[[int], Why]


def _of(found: NDArray[np.integer], why: Callable[[int], Why]) -> Voice:
    """Speak by what was found for each pair, -1 where nothing was; of the same the same is said."""
    numbers = found.tolist()
    return Voice(found >= 0, _once(why, numbers))


def _once(why: Callable[[int], Why], numbers: list[int]) -> Callable[[int], Why]:
    """Return the reason of a pair by its number; that of each number is made once."""
    said: dict[int, Why] = {}

    def says(pair: int) -> Why:
        number = numbers[pair]
        if number not in said:
            said[number] = why(number)
        return said[number]

    return says


def _gap(e: Explainer) -> Voice:
    return _of_occupation(e, "closes_gap", held=False)


def _needed(e: Explainer) -> Voice:
    return _of_occupation(e, "skills_needed", held=True)


def _of_occupation(e: Explainer, code: str, *, held: bool) -> Voice:
    """Name the weightiest skills that a training teaches for the work wished for."""
    best, target = e.weightiest(MOST_SKILLS, held=held), e.question.batch.target[e.rows]
    best_of, target_of = best.tolist(), target.tolist()
    skills = e.skills.labels(e.language)
    occupations = e.occupations.vocabulary.labels(e.language)

    def says(pair: int) -> Why:
        named = [skills[skill] for skill in best_of[pair] if skill >= 0]
        return Why(code, {"occupation": occupations[target_of[pair]], "skills": named})

    return Voice((best[:, 0] >= 0) & (target >= 0), says)


def _interest(e: Explainer) -> Voice:
    interests, topics = e.question.batch.interested, e.question.catalogue.categories
    topic = e.question.catalogue.category[e.courses]
    if topics:
        topic = np.where(interests[e.rows, topic] > 0, topic, -1)
    return _of(topic, lambda number: Why("interest", {"topic": topics[number]}))


def _wish(e: Explainer) -> Voice:
    weights, names = e.wishes.weights, e.wishes.phrases
    phrase = closest(
        weights.indptr,
        weights.indices,
        e.rows,
        e.wishes.vectors,
        e.course_vectors,
        e.courses,
        CLOSE,
    )
    return _of(phrase, lambda number: Why("close_to_wish", {"phrase": names[number]}))


def _because_of(code: str, source: str) -> Callable[[Explainer], Voice]:
    """Name the training of the person's own history that alone speaks most for this one."""

    def backing(e: Explainer) -> Voice:
        model, titles = e.sources.get(source), e.question.catalogue.titles
        course = np.full(len(e.rows), -1)
        if isinstance(model, EASE | Transitions):
            course = model.strongest(e.tastes.represented[source], e.rows, e.courses)
        return _of(course, lambda number: Why(code, {"course": titles[number]}))

    return backing


def _like_you(e: Explainer) -> Voice:
    alike = Why("similar_participants", {})
    return Voice(np.ones(len(e.rows), dtype=bool), lambda _: alike)


def _popular(e: Explainer) -> Voice:
    """Say "here" only where the training's share among the region's own choices is above everybody's."""
    batch, source = e.question.batch, e.sources.get("regional_popularity")
    region = np.where(batch.opted_out, -1, batch.region)[e.rows]
    here = np.zeros(len(region), dtype=bool)
    if isinstance(source, Popularity) and len(source.group_share_):
        here = source.group_share_[region, e.courses] > source.share_[e.courses]
    regions = np.where(here, region, -1).tolist()

    def why(region: int) -> Why:
        if region < 0:
            return Why("popular", {})
        return Why("popular_here", {"region": e.region_name(region)})

    return Voice(np.ones(len(e.rows), dtype=bool), _once(why, regions))


def _builds(e: Explainer) -> Voice:
    """Name a training that is needed first and was finished."""
    catalogue, none = e.question.catalogue, len(e.question.catalogue)
    needed, titles = catalogue.needed[e.courses], catalogue.titles
    finished = e.question.batch.has_finished[e.rows[:, None], needed]
    first = np.where(finished, needed, none).min(axis=1, initial=none)
    return _of(
        np.where(first < none, first, -1),
        lambda course: Why("builds_on", {"course": titles[course]}),
    )


def _near(e: Explainer) -> Voice:
    homes, (region, km) = e.question.batch.region[e.rows], e.whereabouts

    def says(pair: int) -> Why:
        named = {"region": e.region_name(region[pair])}
        if region[pair] == homes[pair]:
            return Why("own_region", named)
        return Why("near", named | {"km": round(float(km[pair]))})

    return Voice(region >= 0, says)


def _placement(e: Explainer) -> Voice:
    placement = e.quality.measures["placement"]
    return _of(
        np.where(placement.known[e.courses], e.courses, -1),
        lambda course: Why("leads_to_work", {"placement": float(placement.mean[course])}),
    )


def _rated(e: Explainer) -> Voice:
    praise = Why("well_rated", {})
    return Voice(e.quality.praised[e.courses], lambda _: praise)


def _sought(e: Explainer) -> Voice:
    """Name openings for the work wished for, where the training serves it, else for a skill it teaches."""
    batch = e.question.batch
    region = np.where(batch.opted_out, -1, batch.region)[e.rows]
    serves = e.weightiest(1, held=True)[:, 0] >= 0
    target = np.where(serves, batch.target[e.rows], -1)
    taught = e.question.catalogue.taught[e.courses]
    jobs, asking = e.demand.openings_as(region, target), e.demand.openings_asking(region, taught)
    of_jobs = jobs[0] >= DEMAND
    count, term, where = (
        np.where(of_jobs, *two).tolist() for two in zip(jobs, asking, strict=True)
    )
    as_occupation = of_jobs.tolist()

    def says(pair: int) -> Why:
        evidence = {"openings": count[pair], "region": e.region_name(where[pair])}
        if as_occupation[pair]:
            occupations = e.occupations.vocabulary.labels(e.language)
            return Why("vacancies_as", evidence | {"occupation": occupations[term[pair]]})
        return Why("vacancies", evidence | {"skill": e.skills.labels(e.language)[term[pair]]})

    return Voice(of_jobs | (asking[0] >= DEMAND), says)


Backing = Callable[[Explainer], Voice]

BACKING: dict[str, Backing] = {
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
