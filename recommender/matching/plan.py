"""A plan: the best of the list that can be taken one after the other, within the balance.

Few trainings that fit are worth more than many: whoever buys something only to use up the balance loses weeks, so
a plan holds nothing that fits less than the first trainings of the list do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from recommender.eligibility.calendar import find_ready_days
from recommender.eligibility.exclusion_codes import BIT, PASSING, Exclusion
from recommender.eligibility.exclusions import find_exclusions
from recommender.eligibility.participant_rules import find_unmet_prerequisites
from recommender.eligibility.query import EligibilityQuery
from recommender.engine import Engine, Recommendations
from recommender.explanation.reasons import speak_of_person
from recommender.matching.schedule import Slot, count_permitted, find_slots
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.rankers import score_candidates
from recommender.reranking.slate import Slates, build_slates
from recommender.settings import CourseFilters, SlateSettings

# What a plan itself takes care of: one training after the other, prerequisites first.
DEFERRABLE = (Exclusion.PREREQUISITE_MISSING, *PASSING)
LISTED = 3  # first trainings of the list, which the planned ones have to fit as well as
LOOKED_AT = 40  # trainings from which a plan is made, the best first, each unlike those before it


@dataclass(frozen=True)
class Plan:
    """Trainings in the order in which to take them.

    Attributes
    ----------
    recommendations : Recommendations
        To one participant; the slate is the plan.
    slots : list of Slot
        When each is taken.
    spent, balance : int
        In the programme's currency.
    nothing_fits : bool
        Whether trainings may be taken and none of them fits what the person says.
    filtered : bool
        Whether the person narrowed what may be planned.
    """

    recommendations: Recommendations
    slots: list[Slot]
    spent: int
    balance: int
    nothing_fits: bool
    filtered: bool


@dataclass(frozen=True)
class Choice:
    """Trainings that a plan is made from, the best first: rows of the catalogue, scores, and whether they fit."""

    courses: NDArray[np.int32]
    scores: NDArray[np.float32]
    fits: NDArray[np.bool_]


def make_plan(
    engine: Engine, participant: PreparedParticipants, max_courses: int, filters: CourseFilters
) -> Plan:
    """Plan for one participant.

    Parameters
    ----------
    participant : PreparedParticipants
        One.
    max_courses : int
        Most trainings of a plan.
    """
    query = engine.query(participant)
    slates = _find_choice(engine, participant, query, filters)
    found = Recommendations(participant, query, slates, engine.ranker, ~query.batch.opted_out)
    choice = _judge(engine, found)
    listed = engine.recommend(participant, SlateSettings(), filters)
    floor = _find_floor(_judge(engine, listed))
    balance = int(query.batch.balance[0])
    most = min(max_courses, int(count_permitted(query)[0]))
    places, slots = choose(query, choice, balance, most, floor)
    chosen = Slates(
        slates.ids[:, places],
        slates.scores[:, places],
        slates.features[:, places],
        compared=slates.compared,
    )
    spent = int(query.availability.from_balance[choice.courses[places]].sum())
    nothing_fits = bool(len(choice.courses)) and not choice.fits.any()
    filtered = filters != CourseFilters()
    return Plan(replace(found, slates=chosen), slots, spent, balance, nothing_fits, filtered)


def choose(
    query: EligibilityQuery, choice: Choice, balance: int, max_courses: int, floor: float
) -> tuple[list[int], list[Slot]]:
    """Return the places of the planned trainings in the order in which to take them, and when.

    The best that fits first; each further one where it can be taken after those before it, is paid by what they
    leave, and the mean score stays above a floor. What is needed first is taken before.

    Parameters
    ----------
    floor : float
        Least mean score of the trainings of a plan.
    """
    place_of = {course: place for place, course in enumerate(choice.courses.tolist())}
    price = query.availability.from_balance[choice.courses]
    chosen: list[int] = []
    slots: list[Slot] = []
    for place in np.flatnonzero(choice.fits).tolist():
        with_it = _add_with_prerequisites(query, chosen, place, place_of)
        if with_it is None or len(with_it) > max_courses or price[with_it].sum() > balance:
            continue
        if choice.scores[with_it].astype(np.float64).mean() < floor:
            continue
        ready = int(find_ready_days(query)[0])
        if (found := find_slots(query, choice.courses[with_it].tolist(), ready)) is not None:
            chosen, slots = with_it, found
    return chosen, slots


def _find_choice(
    engine: Engine,
    participant: PreparedParticipants,
    query: EligibilityQuery,
    filters: CourseFilters,
) -> Slates:
    """Return what may be taken, now or after something else, the best first and each unlike those before it."""
    deferrable = np.uint64(sum(1 << BIT[exclusion] for exclusion in DEFERRABLE))
    permitted = (find_exclusions(query) & ~deferrable == 0) & filters.mask(engine.catalogue)
    mask = engine.catalogue.offers.keep_cheapest(permitted)
    settings = SlateSettings(k=LOOKED_AT)
    found, features = engine.find_candidates(
        participant, query, np.array([0]), mask, settings.per_source
    )
    scored = score_candidates(engine.ranker, features, found.ids)
    slates = build_slates(engine.catalogue, engine.course_vectors, scored, settings)
    real = slates.ids[0] >= 0
    return replace(
        slates,
        ids=slates.ids[:, real],
        scores=slates.scores[:, real],
        features=slates.features[:, real],
    )


def _judge(engine: Engine, found: Recommendations) -> Choice:
    """Return the trainings of one person's slate, and which of them fit what the person says; all, if nothing."""
    context = engine.explanation_context(found, engine.reader.language)
    batch, profile = found.query.batch, found.participants.profile
    said = bool(profile.weights.data.any()) or bool(batch.past.histories.lengths.any())
    fits = speak_of_person(context) if said else np.ones(len(context.rows), dtype=bool)
    return Choice(context.courses, found.slates.scores[found.slates.ids >= 0], fits)


def _find_floor(listed: Choice) -> float:
    """Return the mean score of the first trainings of a list that fit; what does not fit sets no floor."""
    first = listed.scores[:LISTED][listed.fits[:LISTED]]
    return float(first.astype(np.float64).mean()) - 1e-6 if len(first) else -np.inf


def _add_with_prerequisites(
    query: EligibilityQuery, chosen: Sequence[int], place: int, place_of: dict[int, int]
) -> list[int] | None:
    """Return the chosen places, then those needed before a further one, then that; None where one is not there."""
    courses, unmet = find_unmet_prerequisites(query, slice(0, 1))
    missing = set(courses[unmet[0]].tolist())
    course_of = list(place_of)
    needs: dict[int, set[int]] = {}
    waiting = [course_of[place]]
    while waiting:
        course = waiting.pop()
        if course not in place_of:
            return None
        if course not in needs:
            needs[course] = missing & set(query.catalogue.prerequisites[course].indices.tolist())
            waiting += needs[course]
    try:
        order = [place_of[course] for course in TopologicalSorter(needs).static_order()]
    except CycleError:
        return None
    return [*chosen, *(one for one in order if one not in chosen)]
