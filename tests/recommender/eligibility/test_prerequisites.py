"""A person without the prerequisites gets the basic training first; one who has them, the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.engine import Engine
from recommender.messages import load_messages
from recommender.responses.eligibility import decide_eligibility
from recommender.settings import SlateSettings
from tests.recommender.worlds import DAY, World, load_vocabularies, random_world, table

EngineOf = Callable[[World], Engine]
SKILLS = [term.id for term in load_vocabularies().skills.terms if term.topic == "Teknik"][:6]
BASIC, NEXT, MASTER = "basic", "next", "master"
PERSON: dict[str, Any] = {
    "participant_id": "x",
    "interests": ["Teknik"],
    "groups": [],
    "profiling_opt_out": False,
}


def world(
    courses: Sequence[dict[str, Any]], skills: Sequence[str] = (), finished: Sequence[str] = ()
) -> World:
    """One person before trainings of one topic that differ in nothing but what is given."""
    common = {
        "provider_id": "p",
        "category": "Teknik",
        "mode": "self_paced",
        "price_idr": 100_000,
        "duration_hours": 20.0,
        "prerequisites": [],
        "skills": SKILLS,
    }
    events = [
        {"event_id": f"{name} {kind}", "participant_id": "x", "course_id": name, "kind": kind}
        for name in finished
        for kind in ("purchase", "rate")
    ]
    at = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    return replace(
        random_world(0),
        courses=table("courses", [common | {"title": c["course_id"]} | c for c in courses]),
        classes=table("classes", []),
        participants=table("participants", [PERSON | {"skills": list(skills)}]),
        events=table("interactions", [event | {"at": at} for event in events]),
    )


def list_ids(engine_of: EngineOf, world: World) -> list[str]:
    """The person's list, where no training's text is nearer to them than another's."""
    engine = engine_of(world)
    alike = np.full_like(engine.course_vectors, engine.course_vectors.shape[1] ** -0.5)
    engine = replace(engine, course_vectors=alike)
    prepared = engine.prepare(world.participants, world.events, DAY)
    found = engine.recommend(prepared, SlateSettings(relevance_weight=1.0))
    return [engine.catalogue.ids[i] for i in found.slates.ids[0] if i >= 0]


IN_A_ROW = (
    {"course_id": NEXT, "level": "intermediate", "prerequisites": [BASIC]},
    {"course_id": BASIC, "level": "beginner", "skills": SKILLS[:2]},
)


@pytest.mark.parametrize(
    ("skills", "finished", "expected"),
    [
        ((), (), [BASIC]),
        (SKILLS[:1], (), [BASIC]),  # half of what the basic training teaches
        ((), (BASIC,), [NEXT]),
        (SKILLS[:2], (), [NEXT, BASIC]),  # holds all that it teaches
    ],
)
def test_the_next_training_waits_for_the_basic_one(
    engine_of: EngineOf, skills: Sequence[str], finished: Sequence[str], expected: list[str]
) -> None:
    assert list_ids(engine_of, world(IN_A_ROW, skills, finished)) == expected


def test_the_decision_names_the_basic_training(engine_of: EngineOf) -> None:
    here = world(IN_A_ROW)
    engine = engine_of(here)
    texts = load_messages("en", engine.programme)
    prepared = engine.prepare(here.participants, here.events, DAY)
    [decision] = decide_eligibility(engine, texts, prepared, [NEXT])[0]["courses"]
    [reason] = decision["reasons"]
    assert reason["code"] == "prerequisite_missing"
    assert reason["evidence"] == {"course": [BASIC]}
    assert reason["remedy"]["text"] == "After this training: basic."
    assert decision["can_become_eligible"]


@pytest.mark.parametrize("needed", [["LAS-102"], [BASIC, "101.0"], ['["basic"'], ["Basic"]])
@pytest.mark.parametrize("finished", [(), (BASIC,)])
def test_a_training_that_needs_one_nobody_offers_stays_closed(
    engine_of: EngineOf, needed: list[str], finished: Sequence[str]
) -> None:
    rows = ({**IN_A_ROW[0], "prerequisites": needed}, IN_A_ROW[1])
    here = world(rows, SKILLS, finished)
    assert NEXT not in list_ids(engine_of, here)
    engine = engine_of(here)
    texts = load_messages("en", engine.programme)
    prepared = engine.prepare(here.participants, here.events, DAY)
    [decision] = decide_eligibility(engine, texts, prepared, [NEXT])[0]["courses"]
    [reason] = decision["reasons"]
    unknown = [one for one in needed if one != BASIC]
    assert reason["code"] == "prerequisite_unknown"
    assert reason["evidence"] == {"course": unknown}
    assert reason["text"] == f"It needs a training first that is not offered: {unknown[0]}."
    assert not engine.catalogue.needs_unknown[engine.catalogue.index[BASIC]]


@pytest.mark.parametrize(
    ("held", "expected"),
    [(0, [BASIC, NEXT, MASTER]), (2, [NEXT]), (4, [MASTER, NEXT, BASIC])],
)
def test_of_trainings_on_one_thing_the_level_of_the_person_comes_first(
    engine_of: EngineOf, held: int, expected: list[str]
) -> None:
    levels = [
        {"course_id": MASTER, "level": "advanced"},
        {"course_id": NEXT, "level": "intermediate"},
        {"course_id": BASIC, "level": "beginner"},
    ]
    order = list_ids(engine_of, world(levels, SKILLS[:held]))
    assert len(order) == 3
    assert order[: len(expected)] == expected
