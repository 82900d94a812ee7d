"""The reason generators: what a feature that raised a score can say, and its evidence.

Each looks at all pairs of a context at once.
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
from recommender.explanation.context import ExplanationContext, Reason
from recommender.retrieval.sources import Source

MAX_SKILLS = 3  # named in one reason
MIN_COSINE = 0.25  # 99 of 100 unrelated pairs of a skill and a training are less alike
MIN_OPENINGS = 2  # one alone is no demand


class PairReasons(NamedTuple):
    """For which pairs (M,) there is evidence, and the reason of one of them."""

    has_evidence: NDArray[np.bool_]
    make: Callable[[int], Reason]


ReasonGenerator = Callable[[ExplanationContext], PairReasons]


def _by_number(found: NDArray[np.integer], make: Callable[[int], Reason]) -> PairReasons:
    """Give a reason by what was found for each pair, -1 where nothing was; the same number, the same reason."""
    return PairReasons(found >= 0, _share(make, found.tolist()))


def _share(make: Callable[[int], Reason], numbers: list[int]) -> Callable[[int], Reason]:
    """Return what gives the reason of a pair by its number; that of each number is made once."""
    made: dict[int, Reason] = {}

    def reason(pair: int) -> Reason:
        number = numbers[pair]
        if number not in made:
            made[number] = make(number)
        return made[number]

    return reason


def _closes_gap(context: ExplanationContext) -> PairReasons:
    return _name_skills(context, "closes_gap", held=False)


def _serves_goal(context: ExplanationContext) -> PairReasons:
    return _name_skills(context, "skills_needed", held=True)


def _name_skills(context: ExplanationContext, code: str, *, held: bool) -> PairReasons:
    """Name the heaviest skills that a training teaches for the goal."""
    best = context.find_heaviest_skills(MAX_SKILLS, held=held)
    target = context.query.batch.skills.target[context.rows]
    skills, occupations = context.skill_labels(), context.occupation_labels()
    best_of, target_of = best.tolist(), target.tolist()

    def make(pair: int) -> Reason:
        named = [skills[skill] for skill in best_of[pair] if skill >= 0]
        return Reason(code, {"occupation": occupations[target_of[pair]], "skills": named})

    return PairReasons((best[:, 0] >= 0) & (target >= 0), make)


def _matches_interest(context: ExplanationContext) -> PairReasons:
    catalogue = context.query.catalogue
    topic = catalogue.category[context.courses]
    if catalogue.categories:
        interests = context.query.batch.skills.interests
        topic = np.where(interests[context.rows, topic] > 0, topic, -1)
    return _by_number(
        topic, lambda number: Reason("interest", {"topic": catalogue.categories[number]})
    )


def _matches_phrase(context: ExplanationContext) -> PairReasons:
    profile = context.participants.profile
    phrase = closest(
        profile.weights.indptr,
        profile.weights.indices,
        context.rows,
        profile.vectors,
        context.course_vectors,
        context.courses,
        MIN_COSINE,
    )
    return _by_number(
        phrase, lambda number: Reason("matches_phrase", {"phrase": profile.phrases[number].text})
    )


def _follows_from(code: str, source: Source) -> ReasonGenerator:
    """Name the training of the person's own history that alone says most for this one."""

    def generate(context: ExplanationContext) -> PairReasons:
        model, titles = context.models.get(source), context.query.catalogue.titles
        course = np.full(len(context.rows), -1)
        if isinstance(model, EASE | Transitions):
            encoded = context.participants.representations[source]
            course = model.strongest(encoded, context.rows, context.courses)
        return _by_number(course, lambda number: Reason(code, {"course": titles[number]}))

    return generate


def _is_taken_by_similar(context: ExplanationContext) -> PairReasons:
    shared = Reason("similar_participants", {})
    return PairReasons(np.ones(len(context.rows), dtype=bool), lambda _: shared)


def _is_popular(context: ExplanationContext) -> PairReasons:
    """Say "here" only where the training's share among the region's own choices is above everybody's."""
    region, model = context.profiled_regions, context.models.get(Source.REGIONAL_POPULARITY)
    here = np.zeros(len(region), dtype=bool)
    if isinstance(model, Popularity) and len(model.group_share_):
        courses = context.courses
        here = model.group_share_[region, courses] > model.share_[courses]

    def make(region: int) -> Reason:
        if region < 0:
            return Reason("popular", {})
        return Reason("popular_here", {"region": context.region_name(region)})

    regions = np.where(here, region, -1).tolist()
    return PairReasons(np.ones(len(context.rows), dtype=bool), _share(make, regions))


def _builds_on(context: ExplanationContext) -> PairReasons:
    """Name a training that is needed first and was finished."""
    catalogue, none = context.query.catalogue, len(context.query.catalogue)
    needed = catalogue.needed[context.courses]
    finished = context.query.batch.past.is_finished[context.rows[:, None], needed]
    first = np.where(finished, needed, none).min(axis=1, initial=none)
    return _by_number(
        np.where(first < none, first, -1),
        lambda course: Reason("builds_on", {"course": catalogue.titles[course]}),
    )


def _is_near(context: ExplanationContext) -> PairReasons:
    homes = context.query.batch.home.region[context.rows]
    region, km = context.nearest_sessions

    def make(pair: int) -> Reason:
        named = {"region": context.region_name(region[pair])}
        if region[pair] == homes[pair]:
            return Reason("own_region", named)
        return Reason("near", named | {"km": round(float(km[pair]))})

    return PairReasons(region >= 0, make)


def _leads_to_work(context: ExplanationContext) -> PairReasons:
    placement = context.quality.measures["placement"]
    return _by_number(
        np.where(placement.known[context.courses], context.courses, -1),
        lambda course: Reason("leads_to_work", {"placement": float(placement.mean[course])}),
    )


def _is_well_rated(context: ExplanationContext) -> PairReasons:
    shared = Reason("well_rated", {})
    return PairReasons(context.quality.praised[context.courses], lambda _: shared)


def _is_in_demand(context: ExplanationContext) -> PairReasons:
    """Name openings for the goal where the training serves it, else for a skill that it teaches."""
    region = context.profiled_regions
    serves = context.find_heaviest_skills(1, held=True)[:, 0] >= 0
    target = np.where(serves, context.query.batch.skills.target[context.rows], -1)
    taught = context.query.catalogue.taught[context.courses]
    jobs = context.demand.openings_as(region, target)
    asking = context.demand.openings_asking(region, taught)
    of_jobs = jobs[0] >= MIN_OPENINGS
    count, term, where = (
        np.where(of_jobs, *two).tolist() for two in zip(jobs, asking, strict=True)
    )
    as_occupation = of_jobs.tolist()
    skills, occupations = context.skill_labels(), context.occupation_labels()

    def make(pair: int) -> Reason:
        evidence = {"openings": count[pair], "region": context.region_name(where[pair])}
        if as_occupation[pair]:
            return Reason("vacancies_as", evidence | {"occupation": occupations[term[pair]]})
        return Reason("vacancies", evidence | {"skill": skills[term[pair]]})

    return PairReasons(of_jobs | (asking[0] >= MIN_OPENINGS), make)


GENERATORS: dict[str, ReasonGenerator] = {
    Source.CONTENT: _matches_phrase,
    "gap_closed": _closes_gap,
    "skills_needed": _serves_goal,
    "interest_match": _matches_interest,
    Source.BEHAVIOUR: _follows_from("follows_history", Source.BEHAVIOUR),
    Source.NEXT_COURSE: _follows_from("next_course", Source.NEXT_COURSE),
    Source.SIMILAR_PARTICIPANTS: _is_taken_by_similar,
    Source.REGIONAL_POPULARITY: _is_popular,
    Source.GROUP_POPULARITY: _is_taken_by_similar,
    "builds_on": _builds_on,
    "nearness": _is_near,
    "placement": _leads_to_work,
    "quality": _is_well_rated,
    "completion": _is_well_rated,
    Source.VACANCY_DEMAND: _is_in_demand,
}
"""By the feature that raised the score."""
