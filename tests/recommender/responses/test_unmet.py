"""Unmet wishes are told by region, occupation and topic, one for each person who is told that nothing fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from recommender.engine import Engine
from recommender.messages import load_messages
from recommender.responses.recommendations import build_lists
from recommender.responses.unmet import UnmetWish, describe_unmet
from tests.recommender.worlds import DAY, World, random_world, table

COURSE = {
    "course_id": "las",
    "title": "Las listrik",
    "provider_id": "p",
    "category": "Teknik",
    "mode": "self_paced",
    "price_idr": 100_000,
    "duration_hours": 20.0,
    "prerequisites": [],
    "skills": ["pengelasan-smaw"],
}


def world(*wishes: dict[str, Any]) -> World:
    common = {"groups": [], "interests": [], "skills": [], "profiling_opt_out": False}
    people = [common | {"participant_id": str(i)} | wish for i, wish in enumerate(wishes)]
    return replace(
        random_world(0),
        courses=table("courses", [COURSE]),
        classes=table("classes", []),
        participants=table("participants", people),
        events=table("interactions", []),
    )


def test_each_unmet_wish_is_told_once(engine_of: Callable[[World], Engine]) -> None:
    here = world(
        {"region_code": "31.71", "interests": ["las listrik"]},
        {"region_code": "53.71", "interests": ["budidaya lele"]},
        {"region_code": None, "target_occupation": "nelayan"},
        {"region_code": "53.71"},
        {"region_code": "53.71", "interests": ["budidaya lele"], "profiling_opt_out": True},
    )
    engine = engine_of(here)
    found = engine.recommend(engine.prepare(here.participants, here.events, DAY))
    assert describe_unmet(engine, found) == [
        UnmetWish("53", "", "Pertanian"),
        UnmetWish("", "nelayan", "Pertanian"),
    ]
    lists = build_lists(engine, load_messages("id", engine.programme), found, 10)
    assert [one["notice"] is not None for one in lists] == [False, True, True, False, False]
