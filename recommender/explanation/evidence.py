"""The reason generators: what a feature that raised a score can say, and its evidence.

Each looks at all pairs of a context at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.kernels.pairs import closest, strongest_of_rows
from recommender.explanation.context import ExplanationContext, Reason
from recommender.explanation.quotes import quote
from recommender.participants.batch import (
    FIRST_YEAR,
    GROUP_STARTS,
    encode_groups,
    encode_regions,
)
from recommender.retrieval.sources import Source
from training_data.arrays import build_csr
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES

MAX_SKILLS = 3  # named in one reason
MIN_COSINE = 0.25  # 99 of 100 unrelated pairs of a skill and a training are less alike
CLOSE_COSINE = (
    0.4  # from here on a counsellor would say that the training fits, below that it is of the field
)
MIN_OPENINGS = 2  # one alone is no demand
MIN_SHARE = 0.5  # of graduates in work, or of takers who finished: less is no reason to come


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
        goal = to_mid_sentence(occupations[goals[pair]])
        code = "closes_gap" if closing[pair] else "deepens_skills"
        return Reason(code, {"occupation": goal, "skills": named})

    return PairReasons((best[:, 0] >= 0) & (context.named_goals >= 0), make)


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
    """Quote what comes nearest to the training of all that the person wrote."""
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
    phrase[_is_said_elsewhere(context, phrase)] = -1
    found = np.flatnonzero(phrase >= 0)
    cosines = np.zeros(len(phrase), dtype=np.float32)
    cosines[found] = np.vecdot(
        profile.vectors[phrase[found]], context.course_vectors[context.courses[found]]
    )
    closeness = np.where(cosines >= CLOSE_COSINE, "close", "related").tolist()
    keys = list(zip(context.rows.tolist(), phrase.tolist(), closeness, strict=True))
    said: dict[tuple[int, int, str], Reason] = {}

    def make(pair: int) -> Reason:
        key = keys[pair]
        if key not in said:
            said[key] = quote(context, *key)
        return said[key]

    return PairReasons(phrase >= 0, make)


def _is_said_elsewhere(context: ExplanationContext, phrase: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the phrase of each pair is the training's own topic, or the goal for which it teaches something."""
    texts = [one.text for one in context.participants.profile.phrases]
    topic_of = context.query.catalogue.category_index
    topic = np.array([*(topic_of.get(text.casefold(), -1) for text in texts), -1])[phrase]
    vocabulary = context.reader.vocabularies.occupations.vocabulary
    goal = np.array([*map(vocabulary.find, texts), -1])[phrase]
    for_goal = context.find_heaviest_skills(1, held=True)[:, 0] >= 0
    is_topic = (topic >= 0) & (topic == context.query.catalogue.category[context.courses])
    return is_topic | ((goal >= 0) & (goal == context.named_goals) & for_goal)


def _follows_history(context: ExplanationContext) -> PairReasons:
    """Name the training of the person's own after which most people took this one."""
    taken, after = context.query.batch.past.taken, context.takers.after
    course = _find_largest(taken, after, context)
    people = _look_up(after, course, context.courses)
    titles, before = context.query.catalogue.titles, course.tolist()

    def make(pair: int) -> Reason:
        return Reason("next_course", {"course": titles[before[pair]], "people": people[pair]})

    return PairReasons(course >= 0, make)


def _is_chosen_by_group(context: ExplanationContext) -> PairReasons:
    """Name the group of the person of which most people took the training."""
    groups = context.takers.in_groups
    group = _find_largest(encode_groups(context.query.batch), groups, context)
    people = _look_up(groups, group, context.courses)
    numbers = group.tolist()

    def make(pair: int) -> Reason:
        return Reason(*_name_group(numbers[pair], people[pair]))

    return PairReasons(group >= 0, make)


def _name_group(group: int, people: int) -> tuple[str, dict[str, object]]:
    kind = int(np.searchsorted(GROUP_STARTS, group, "right")) - 1
    place = group - int(GROUP_STARTS[kind])
    if kind == 0:
        return "chosen_by_age", {"decade": FIRST_YEAR + 10 * place, "people": people}
    if kind == 1:
        return "chosen_by_education", {"education": EDUCATIONS[place], "people": people}
    return "chosen_by_employment", {"employment": EMPLOYMENT_STATUSES[place], "people": people}


def _is_popular(context: ExplanationContext) -> PairReasons:
    """Name the smallest region of the person where many took the training, else say so of all people."""
    regions, everywhere = context.takers.in_regions, context.takers.everywhere
    table = context.reader.vocabularies.regions
    depth = (table.around >= 0).sum(axis=1)[:-1]
    ranked = build_csr(
        np.repeat(depth, np.diff(regions.indptr)), regions.indices, regions.indptr, len(everywhere)
    )
    region = _find_largest(encode_regions(context.query.batch, table), ranked, context)
    here, everyone = (
        _look_up(regions, region, context.courses),
        everywhere[context.courses].tolist(),
    )
    numbers = region.tolist()

    def make(pair: int) -> Reason:
        if numbers[pair] < 0:
            return Reason("popular", {"people": everyone[pair]})
        named = context.region_name(numbers[pair])
        return Reason("popular_here", {"region": named, "people": here[pair]})

    return PairReasons((region >= 0) | (everywhere[context.courses] > 0), make)


def _find_largest(
    own: sp.csr_matrix, table: sp.csr_matrix, context: ExplanationContext
) -> NDArray[np.int32]:
    """Return which of each pair's own rows of a table is largest for the training, -1 where none has a cell."""
    return strongest_of_rows(
        own.indptr.astype(np.int32, copy=False),
        own.indices.astype(np.int32, copy=False),
        context.rows,
        table.indptr,
        table.indices,
        table.data.astype(np.float32),
        context.courses,
    )


def _look_up(
    table: sp.csr_matrix, rows: NDArray[np.int32], columns: NDArray[np.int32]
) -> list[int]:
    """Return the cells of a table at rows and columns, 0 where a row is -1."""
    found = np.flatnonzero(rows >= 0)
    cells = np.zeros(len(rows), dtype=np.int64)
    if len(found):
        cells[found] = np.asarray(table[rows[found], columns[found]]).ravel()
    counts: list[int] = cells.tolist()
    return counts


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

    return _by_number(np.where(shown, context.courses, -1), make)


def _is_well_rated(context: ExplanationContext) -> PairReasons:
    rating = context.quality.measures["rating"]

    def make(course: int) -> Reason:
        stars = round(float(rating.observed[course]), 1)
        return Reason("well_rated", {"stars": stars, "people": int(rating.count[course])})

    shown = rating.outstanding[context.courses]
    return _by_number(np.where(shown, context.courses, -1), make)


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
            return Reason(
                "vacancies_as", evidence | {"occupation": to_mid_sentence(occupations[term[pair]])}
            )
        return Reason("vacancies", evidence | {"skill": skills[term[pair]]})

    return PairReasons(of_jobs | (asking[0] >= MIN_OPENINGS), make)


def to_mid_sentence(label: str) -> str:
    """Return a label as it stands within a sentence: "Juru masak" with a small letter, "CNC" as it is."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


OWN: dict[str, ReasonGenerator] = {
    Source.CONTENT: _matches_phrase,
    "gap_closed": _serves_goal,
    "skills_needed": _serves_goal,
    "interest_match": _matches_interest,
    "builds_on": _builds_on,
    Source.BEHAVIOUR: _follows_history,
    Source.NEXT_COURSE: _follows_history,
    Source.SIMILAR_PARTICIPANTS: _follows_history,
}
"""What speaks of the person's own words, goal, skills and history, by the feature that raised the score."""

GENERATORS: dict[str, ReasonGenerator] = OWN | {
    Source.GROUP_POPULARITY: _is_chosen_by_group,
    Source.REGIONAL_POPULARITY: _is_popular,
    Source.VACANCY_DEMAND: _is_in_demand,
    "nearness": _is_near,
    "face_to_face": _is_near,
    "placement": _leads_to_work,
    "completion": _is_finished,
    "quality": _is_well_rated,
}
"""All, by the feature that raised the score."""
