"""What is told beside a list: whoever works hears of weeks of being there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from recommender.engine import Engine
from recommender.messages import Messages
from recommender.responses.recommendations import build_lists
from tests.recommender.responses.test_notices import CLASS, COURSE, PERSON
from tests.recommender.worlds import DAY, World, random_world, table

EngineOf = Callable[[World], Engine]


def list_codes(engine_of: EngineOf, messages: Messages, course: Any, person: Any) -> list[str]:
    here = {"region_code": PERSON["region_code"]}
    world = replace(
        random_world(3),
        courses=table("courses", [COURSE | here | course]),
        classes=table("classes", [CLASS | here]),
        participants=table("participants", [PERSON | person]),
        events=table("interactions", []),
    )
    engine = engine_of(world)
    found = engine.recommend(engine.prepare(world.participants, world.events, DAY))
    (answer,) = build_lists(engine, messages, found, 1)
    assert len(answer["items"]) == 1
    return [one["code"] for one in answer["advice"]]


@pytest.mark.parametrize(
    ("hours", "person", "told"),
    [
        (270.0, {"employment_status": "employed"}, True),
        (270.0, {"employment_status": "self_employed"}, True),
        (119.0, {"employment_status": "employed"}, False),
        (270.0, {"employment_status": "unemployed"}, False),
        (270.0, {}, False),
        (270.0, {"employment_status": "employed", "profiling_opt_out": True}, False),
    ],
)
def test_who_works_is_told_of_weeks_of_being_there(
    engine_of: EngineOf, messages: Messages, hours: float, person: dict[str, Any], told: bool
) -> None:
    codes = list_codes(engine_of, messages, {"duration_hours": hours}, person)
    assert codes == (["hours_beside_work"] if told else [])


def test_online_hours_are_ones_own(engine_of: EngineOf, messages: Messages) -> None:
    person = {"employment_status": "employed"}
    online = {"duration_hours": 270.0, "mode": "self_paced", "region_code": None}
    assert list_codes(engine_of, messages, online, person) == []
