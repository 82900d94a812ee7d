"""A plan: the best of the list that can be taken one after the other, within the balance.

Few trainings that fit are worth more than many: whoever buys something only to use up the balance loses weeks, so
a plan as a whole fits as well as the first trainings of the list do. To whom nothing fits nothing is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

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
from recommender.ranking.fit import grade_fit
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


class Worth(NamedTuple):
    """What trainings are worth to a person in the mean: how well they fit, and then their score."""

    fit: float
    score: float


@dataclass(frozen=True)
class Choice:
    """Trainings that a plan is made from, the best first.

    Attributes
    ----------
    courses : ndarray of int32
        Rows of the catalogue.
    grades : ndarray of int8
        How well each fits, see `recommender.ranking.fit.grade_fit`.
    scores : ndarray of float32
    fits : ndarray of bool
        Whether it may be planned for its own sake, and not only because another one needs it.
    """

    courses: NDArray[np.int32]
    grades: NDArray[np.int8]
    scores: NDArray[np.float32]
    fits: NDArray[np.bool_]

    def measure(self, places: Sequence[int] | NDArray[np.intp]) -> Worth:
        """Return what some of the trainings are worth."""
        fit, score = (
            float(of[places].astype(np.float64).mean()) for of in (self.grades, self.scores)
        )
        return Worth(fit, score)


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
    found = Recommendations(
        participant, query, slates, engine.ranker, ~query.batch.opted_out, filters=filters
    )
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
    query: EligibilityQuery, choice: Choice, balance: int, max_courses: int, floor: Worth
) -> tuple[list[int], list[Slot]]:
    """Return the places of the planned trainings in the order in which to take them, and when.

    The best that fits first; each further one where it can be taken after those before it, is paid by what they
    leave, and the plan stays worth as much as a floor. What is needed first is taken before.

    Parameters
    ----------
    floor : Worth
        The least that the trainings of a plan are worth.
    """
    place_of = {course: place for place, course in enumerate(choice.courses.tolist())}
    price = query.availability.from_balance[choice.courses]
    chosen: list[int] = []
    slots: list[Slot] = []
    for place in np.flatnonzero(choice.fits).tolist():
        with_it = _add_with_prerequisites(query, chosen, place, place_of)
        if with_it is None or len(with_it) > max_courses or price[with_it].sum() > balance:
            continue
        if choice.measure(with_it) < floor:
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
    """Return the trainings of one person's slate, and which of them fit what the person says; all, if nothing.

    Words say more than history: where there are any, what was taken before fits nothing by itself.
    """
    context = engine.explanation_context(found, engine.reader.language)
    listed = found.slates.ids >= 0
    grades = grade_fit(found.slates.features[listed])
    if found.participants.profile.weights.data.any():
        fits = grades > 0
    elif found.query.batch.past.histories.lengths.any():
        fits = speak_of_person(context)
    else:
        fits = np.ones(len(grades), dtype=bool)
    return Choice(context.courses, grades, found.slates.scores[listed], fits)


def _find_floor(listed: Choice) -> Worth:
    """Return what the first trainings of a list are worth; what does not fit sets no floor of the score."""
    first = np.arange(min(LISTED, len(listed.courses)))
    fitting = first[listed.fits[first]]
    if not len(fitting):
        return Worth(0, -np.inf)
    return Worth(listed.measure(first).fit, listed.measure(fitting).score - 1e-6)


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
