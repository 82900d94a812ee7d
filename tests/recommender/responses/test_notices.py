"""What is said where nothing fits: the wish as it was written, no date that nobody knows, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from recommender.engine import Engine
from recommender.messages import Messages
from recommender.responses.notices import Notice, write_notices
from recommender.responses.unmet import describe_unmet
from recommender.settings import CourseFilters
from tests.recommender.worlds import DAY, World, random_world, table

EngineOf = Callable[[World], Engine]
COURSE = {
    "course_id": "far",
    "title": "Las",
    "provider_id": "p",
    "skills": [],
    "mode": "in_person",
    "price_idr": 500_000,
    "duration_hours": 15.0,
    "prerequisites": [],
    "region_code": "91.71",
}
CLASS = {"class_id": "c", "course_id": "far", "seats": 10, "seats_left": 5, "region_code": "91.71"}
PERSON = {
    "participant_id": "one",
    "birth_year": 1990,
    "skills": [],
    "interests": ["LAS"],
    "groups": [],
    "balance_idr": 3_500_000,
    "region_code": "31.71",
    "profiling_opt_out": False,
}


def notice_of(engine_of: EngineOf, messages: Messages, **changed: Any) -> Notice:
    world = replace(
        random_world(3),
        courses=table("courses", [COURSE | changed.get("course", {})]),
        classes=table("classes", [CLASS | changed["held"]] if "held" in changed else []),
        participants=table("participants", [PERSON]),
        events=table("interactions", []),
    )
    engine = engine_of(world)
    found = engine.recommend(engine.prepare(world.participants, world.events, DAY))
    notice = write_notices(engine, messages, found)[0]
    assert notice is not None
    assert notice["evidence"]["wish"] == "LAS"
    return notice


def test_the_nearest_class_is_told_with_its_day(engine_of: EngineOf, messages: Messages) -> None:
    days = {"starts_on": DAY + dt.timedelta(days=9), "ends_on": DAY + dt.timedelta(days=12)}
    notice = notice_of(engine_of, messages, held=days)
    assert notice["code"] == "nothing_near", notice["text"]
    assert notice["evidence"]["date"] == days["starts_on"]


def test_of_a_training_without_dates_no_day_is_told(
    engine_of: EngineOf, messages: Messages
) -> None:
    notice = notice_of(engine_of, messages)
    assert notice["code"] == "nothing_near_undated"
    assert "mulai" not in notice["text"]


@pytest.mark.parametrize(
    ("course", "why"),
    [
        (
            {"mode": "webinar", "price_idr": 9_000_000},
            "Harganya Rp 9.000.000; saldo Anda Rp 3.500.000.",
        ),
        (
            {"mode": "webinar", "duration_hours": 6.0},
            "Lamanya 6 jam; program membiayai mulai 15 jam.",
        ),
    ],
)
def test_of_what_is_not_permitted_it_is_told_why(
    engine_of: EngineOf, messages: Messages, course: dict[str, Any], why: str
) -> None:
    notice = notice_of(engine_of, messages, course=course)
    assert notice["code"] == "nothing_permitted"
    assert why in notice["text"]


def test_what_was_narrowed_out_may_be_taken_and_is_no_unmet_wish(
    engine_of: EngineOf, messages: Messages
) -> None:
    world = replace(
        random_world(3),
        courses=table("courses", [COURSE | {"mode": "self_paced", "region_code": None}]),
        classes=table("classes", []),
        participants=table("participants", [PERSON]),
        events=table("interactions", []),
    )
    engine = engine_of(world)
    read = engine.prepare(world.participants, world.events, DAY)
    narrow = engine.recommend(read, filters=CourseFilters(modes=("webinar",)))
    (notice,) = write_notices(engine, messages, narrow)
    assert notice is not None
    assert notice["code"] == "nothing_filtered"
    assert notice["evidence"]["course_id"] == COURSE["course_id"]
    assert describe_unmet(engine, narrow) == []
