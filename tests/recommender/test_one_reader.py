"""Whoever asks about somebody reads them in one way: lists, plans and decisions agree on free text."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import pytest

from recommender.bundle.bundle import Bundle
from recommender.eligibility.exclusion_codes import PASSING
from recommender.engine import Engine
from recommender.matching.plan import DEFERRABLE, make_plan
from recommender.participants.prepared import PreparedParticipants
from recommender.responses.eligibility import EligibilityDecision, decide_eligibility
from recommender.responses.recommendations import build_lists
from recommender.settings import CourseFilters, SlateSettings
from tests.free_text import draw_participant
from training_data.profiles import Participant, to_tables

DAY = dt.date.today()
SHORT = SlateSettings(k=100)
FEW = CourseFilters(modes=("in_person",), max_price_idr=400_000)  # so that lists come out short


def prepare(engine: Engine, *described: dict[str, object]) -> PreparedParticipants:
    people = [Participant.model_validate(one) for one in described]
    names = [str(number) for number in range(len(people))]
    return engine.prepare(*to_tables(people, names, engine.reader.vocabularies.regions), DAY)


def decide(bundle: Bundle, person: PreparedParticipants) -> dict[str, EligibilityDecision]:
    messages = bundle.messages("id")
    found = decide_eligibility(bundle.engine, messages, person, bundle.engine.catalogue.ids)[0]
    return {decision["course_id"]: decision for decision in found["courses"]}


@pytest.mark.parametrize(
    "count", [150, pytest.param(2_000, marks=pytest.mark.slow, id="2000 people")]
)
def test_lists_plans_and_decisions_agree(demo_bundle: Bundle, count: int) -> None:
    engine, messages = demo_bundle.engine, demo_bundle.messages("id")
    rng = random.Random(count)  # noqa: S311
    everybody = prepare(engine, *(draw_participant(engine, rng) for _ in range(count)))
    whole = engine.recommend(everybody, SHORT)
    lists = build_lists(engine, messages, engine.recommend(everybody, SHORT, FEW), SHORT.k)
    deferrable = {exclusion.value for exclusion in DEFERRABLE}
    linked = 0
    for row in range(count):
        person = everybody.take(np.array([row]))
        linked += bool(person.batch.skills.held.nnz)
        decisions = decide(demo_bundle, person)
        permitted = {
            name
            for name, decision in decisions.items()
            if {reason["code"] for reason in decision["reasons"]} <= set(PASSING)
        }
        slate = whole.slates.ids[row]
        assert {engine.catalogue.ids[course] for course in slate if course >= 0} <= permitted
        counted: dict[str, int] = {}
        for decision in decisions.values():
            for reason in decision["reasons"]:
                counted[reason["code"]] = counted.get(reason["code"], 0) + 1
        assert len(lists[row]["items"]) < SHORT.k
        assert lists[row]["excluded"] == counted
        plan = make_plan(engine, person, 10, CourseFilters())
        for course in plan.recommendations.slates.ids[0].tolist():
            codes = {r["code"] for r in decisions[engine.catalogue.ids[course]]["reasons"]}
            assert codes <= deferrable
    assert linked > count / 3  # else the words of nobody were understood, and nothing was tested


JAPANESE = ["saya bisa Bahasa Jepang dasar", "lancar Percakapan bahasa Jepang"]


@pytest.mark.parametrize(
    ("written", "enough"),
    [
        (JAPANESE, False),
        ([*JAPANESE, "sudah belajar kanji dasar", "ikut persiapan JLPT tahun lalu"], True),
        (
            [
                *JAPANESE,
                "mau belajar kanji dasar",
                "saya lagi belajar persiapan JLPT",
                "I want to learn kanji",
            ],
            False,
        ),
    ],
)
def test_skills_in_own_words_meet_a_prerequisite_everywhere(
    demo_bundle: Bundle, written: list[str], enough: bool
) -> None:
    """Who can do all that the training needed first teaches may go on, in whatever words."""
    engine = demo_bundle.engine
    needing = engine.catalogue.index["bahasa-019"]
    prepared = prepare(
        engine,
        {
            "region": "Kota Bandung",
            "birth_year": 1998,
            "skills": written,
            "interests": ["bahasa Jepang"],
        },
    )
    assert (needing in engine.recommend(prepared, SHORT).slates.ids[0]) is enough
    assert decide(demo_bundle, prepared)["bahasa-019"]["eligible"] is enough


def test_a_goal_in_own_words_counts_in_a_plan(demo_bundle: Bundle) -> None:
    engine = demo_bundle.engine
    someone = {"region": "Kota Bandung", "birth_year": 1990}

    def plan(**goal: str) -> list[int]:
        found = make_plan(engine, prepare(engine, someone | goal), 5, CourseFilters())
        listed: list[int] = found.recommendations.slates.ids[0].tolist()
        return listed

    written = plan(target_occupation="ingin jadi tukang las di bengkel")
    assert written[:2] == plan(target_occupation="tukang las")[:2]
    assert written != plan()
