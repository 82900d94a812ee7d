"""The reason generators: what a feature that raised a score can say, and its evidence.

Each looks at all pairs of a context at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.explanation.context import (
    ExplanationContext,
    PairReasons,
    Reason,
    ReasonGenerator,
    by_number,
)
from recommender.explanation.crowd import follows_history, is_chosen_by_group, is_popular
from recommender.explanation.quotes import find_goal_in_other_words, quote
from recommender.ranking.fit import RELATED_FROM, STRONG_FROM
from recommender.retrieval.sources import Source

MAX_SKILLS = 3  # named in one reason
MIN_OPENINGS = 2  # one alone is no demand
MIN_SHARE = 0.5  # of graduates in work, or of takers who finished: less is no reason to come


def _serves_goal(context: ExplanationContext) -> PairReasons:
    """Name what a training teaches for the goal: skills that the person lacks, else those that it deepens."""
    lacked = context.find_heaviest_skills(MAX_SKILLS, held=False)
    needed = context.find_heaviest_skills(MAX_SKILLS, held=True)
    closes_gap = lacked[:, 0] >= 0
    best = np.where(closes_gap[:, None], lacked, needed)
    skills, occupations = context.skill_labels(), context.occupation_labels()
    best_of, goals, closing = best.tolist(), context.named_goals.tolist(), closes_gap.tolist()

    def make(pair: int) -> Reason:
        named = [skills[skill] for skill in best_of[pair] if skill >= 0]
        evidence = {"occupation": occupations[goals[pair]], "skills": named}
        goal = find_goal_in_other_words(context, int(context.rows[pair]), goals[pair])
        if goal is None:
            return Reason("closes_gap" if closing[pair] else "deepens_skills", evidence)
        code = "closes_related_gap" if closing[pair] else "deepens_related_skills"
        return Reason(code, {"goal": goal, **evidence})

    return PairReasons((best[:, 0] >= 0) & (context.named_goals >= 0), make)


def _matches_interest(context: ExplanationContext) -> PairReasons:
    catalogue = context.query.catalogue
    topic = catalogue.category[context.courses]
    if catalogue.categories:
        interests = context.query.batch.skills.interests
        topic = np.where(interests[context.rows, topic] > 0, topic, -1)
    return by_number(
        topic, lambda number: Reason("interest", {"topic": catalogue.categories[number]})
    )


def _matches_phrase(context: ExplanationContext) -> PairReasons:
    """Quote what the training answers best of all that the person wrote."""
    profile = context.participants.profile
    phrase, answers, whole = context.relevance.find_phrases(profile, context.rows, context.courses)
    phrase[(answers < RELATED_FROM) | _is_said_elsewhere(context, phrase)] = -1
    # what fits a trifle among what was written fits the person no better than that
    is_close = (answers >= STRONG_FROM) & (whole >= RELATED_FROM)
    closeness = np.where(is_close, "close", "related").tolist()
    keys = list(zip(context.rows.tolist(), phrase.tolist(), closeness, strict=True))
    said: dict[tuple[int, int, str, int], Reason] = {}

    def make(pair: int) -> Reason:
        taught = context.query.catalogue.taught[context.courses[pair]].tolist()
        named = profile.phrases[phrase[pair]].skills
        key = *keys[pair], next((skill for skill in named if skill in taught), -1)
        if key not in said:
            said[key] = quote(context, *key)
        return said[key]

    return PairReasons(phrase >= 0, make)


def _is_said_elsewhere(context: ExplanationContext, phrase: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the phrase of each pair is the training's own topic, or the goal for which it teaches something."""
    phrases = context.participants.profile.phrases
    texts = [one.text for one in phrases]
    topic_of = context.query.catalogue.category_index
    topic = np.array([*(topic_of.get(text.casefold(), -1) for text in texts), -1])[phrase]
    vocabulary = context.reader.vocabularies.occupations.vocabulary
    meant = [(*one.occupations, vocabulary.find(one.text))[0] for one in phrases]
    goal = np.array([*meant, -1])[phrase]
    for_goal = context.find_heaviest_skills(1, held=True)[:, 0] >= 0
    is_topic: NDArray[np.bool_] = topic == context.query.catalogue.category[context.courses]
    is_topic &= topic >= 0
    is_topic |= (goal >= 0) & (goal == context.named_goals) & for_goal
    return is_topic


def _builds_on(context: ExplanationContext) -> PairReasons:
    """Name a training that is needed first and was finished."""
    catalogue, none = context.query.catalogue, len(context.query.catalogue)
    needed = catalogue.needed[context.courses]
    finished = context.query.batch.past.is_finished[context.rows[:, None], needed]
    first = np.where(finished, needed, none).min(axis=1, initial=none)
    return by_number(
        np.where(first < none, first, -1),
        lambda course: Reason("builds_on", {"course": catalogue.titles[course]}),
    )


def _is_near(context: ExplanationContext) -> PairReasons:
    homes = context.query.batch.home.region[context.rows]
    _, region, km = context.next_classes

    def make(pair: int) -> Reason:
        named = {"region": context.region_name(region[pair])}
        if region[pair] == homes[pair]:
            return Reason("own_region", named)
        return Reason("near", named | {"km": max(round(float(km[pair])), 1)})

    return PairReasons(region >= 0, make)


def _leads_to_work(context: ExplanationContext) -> PairReasons:
    return _count_outcome(context, "placement", "leads_to_work", "placed", "graduates")


def _is_finished(context: ExplanationContext) -> PairReasons:
    return _count_outcome(context, "completion", "finished", "finished", "takers")


def _count_outcome(
    context: ExplanationContext, measure: str, code: str, good: str, whole: str
) -> PairReasons:
    """Tell of how many people something came true, where that is most of them and more than usual."""
    told = context.quality.measures[measure]
    shown = (told.outstanding & (told.observed >= MIN_SHARE))[context.courses]

    def make(course: int) -> Reason:
        people = int(told.count[course])
        return Reason(code, {good: round(people * float(told.observed[course])), whole: people})

    return by_number(np.where(shown, context.courses, -1), make)


def _is_well_rated(context: ExplanationContext) -> PairReasons:
    rating = context.quality.measures["rating"]

    def make(course: int) -> Reason:
        stars = round(float(rating.observed[course]), 1)
        return Reason("well_rated", {"stars": stars, "people": int(rating.count[course])})

    shown = rating.outstanding[context.courses]
    return by_number(np.where(shown, context.courses, -1), make)


def _is_in_demand(context: ExplanationContext) -> PairReasons:
    """Name openings for the goal where the training serves it, else for a skill that it teaches."""
    region = context.profiled_regions
    serves = context.find_heaviest_skills(1, held=True)[:, 0] >= 0
    target = np.where(serves, context.named_goals, -1)
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


OWN: dict[str, ReasonGenerator] = {
    Source.CONTENT: _matches_phrase,
    "gap_closed": _serves_goal,
    "skills_needed": _serves_goal,
    "interest_match": _matches_interest,
    "builds_on": _builds_on,
    Source.BEHAVIOUR: follows_history,
    Source.NEXT_COURSE: follows_history,
    Source.SIMILAR_PARTICIPANTS: follows_history,
}
"""What speaks of the person's own words, goal, skills and history, by the feature that raised the score."""

GENERATORS: dict[str, ReasonGenerator] = OWN | {
    Source.GROUP_POPULARITY: is_chosen_by_group,
    Source.REGIONAL_POPULARITY: is_popular,
    Source.VACANCY_DEMAND: _is_in_demand,
    "nearness": _is_near,
    "placement": _leads_to_work,
    "completion": _is_finished,
    "quality": _is_well_rated,
}
"""All, by the feature that raised the score."""
