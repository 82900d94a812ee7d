"""One training sold by many platforms: found by its words and facts, listed once, finished once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.catalogue.offers import Offers
from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions
from recommender.engine import Engine
from recommender.messages import load_messages
from recommender.responses.recommendations import build_lists
from tests.recommender.worlds import DAY, World, random_world, table

BARISTA = {
    "title": "Menjadi Barista",
    "description": "Menyeduh kopi espresso.",
    "provider_id": "akademi",
    "category": "Makanan dan Minuman",
    "mode": "self_paced",
    "duration_hours": 20.0,
    "prerequisites": [],
    "skills": [],
}
SOLD = [
    {"course_id": "a", "platform": "Satu", "price_idr": 350_000},
    {"course_id": "b", "platform": "Dua", "price_idr": 300_000},
    {"course_id": "c", "platform": "Tiga", "price_idr": 375_000, "title": "MENJADI  BARISTA"},
]


def courses(*rows: dict[str, Any]) -> Any:
    return table("courses", [BARISTA | row for row in rows])


def test_offers_of_one_training_are_found_the_cheapest_first() -> None:
    found = Offers.find(courses(*SOLD))
    assert found.shared.tolist() == [[1, 0, 2]]
    assert found.list_others(1) == [0, 2]


@pytest.mark.parametrize(
    "other",
    [
        {"provider_id": "lain"},
        {"description": "Menyeduh teh."},
        {"mode": "webinar"},
        {"duration_hours": 30.0},
        {"level": "advanced"},
        {"platform": "Satu"},
        {"platform": None},
    ],
)
def test_what_differs_in_more_than_platform_and_price_is_another_training(
    other: dict[str, Any],
) -> None:
    found = Offers.find(courses(SOLD[0], SOLD[1] | other))
    assert not len(found.shared)
    mask = np.ones((3, 2), dtype=bool)
    assert found.keep_cheapest(mask).all()


def test_what_one_platform_sells_twice_stays_two_trainings() -> None:
    twice = [{**row, "course_id": f"{row['course_id']}{copy}"} for row in SOLD for copy in "12"]
    found = Offers.find(courses(*twice))
    assert sorted(map(sorted, found.shared.tolist())) == [[0, 2, 4], [1, 3, 5]]


def test_the_cheapest_permitted_offer_stays_in_the_mask() -> None:
    found = Offers.find(courses(*SOLD, {"course_id": "d", "platform": "Satu", "title": "Lain"}))
    masks = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0]], dtype=bool)
    kept = np.array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]], dtype=bool)
    np.testing.assert_array_equal(found.keep_cheapest(masks), kept)


def world(finished: str | None, balance: int = 3_500_000) -> World:
    """Someone before the training on three platforms, and one that builds on it."""
    after = {
        "course_id": "next",
        "platform": "Satu",
        "title": "Kopi lanjutan",
        "price_idr": 100_000,
        "prerequisites": ["a"],
    }
    events = [
        {
            "event_id": kind,
            "participant_id": "x",
            "course_id": finished,
            "kind": kind,
            "at": DAY,
        }
        for kind in ("purchase", "rate")
        if finished
    ]
    person = {"participant_id": "x", "groups": [], "interests": [], "skills": []}
    person |= {"profiling_opt_out": False, "balance_idr": balance}
    return replace(
        random_world(0),
        courses=courses(*SOLD, after),
        classes=table("classes", []),
        participants=table("participants", [person]),
        events=table("interactions", events),
    )


EngineOf = Callable[[World], Engine]


def recommend(engine_of: EngineOf, here: World) -> dict[str, list[str]]:
    engine = engine_of(here)
    found = engine.recommend(engine.prepare(here.participants, here.events, DAY))
    items = build_lists(engine, load_messages("id", engine.programme), found, 10)[0]["items"]
    return {item["course_id"]: [o["course_id"] for o in item["also_sold"]] for item in items}


def test_a_list_holds_the_cheapest_offer_and_names_the_others(engine_of: EngineOf) -> None:
    assert recommend(engine_of, world(None)) == {"b": ["a", "c"]}


@pytest.mark.parametrize("finished", ["a", "b", "c"])
def test_who_finished_one_has_finished_all(engine_of: EngineOf, finished: str) -> None:
    here = world(finished)
    assert recommend(engine_of, here) == {"next": []}  # whose prerequisite is met by any offer
    engine = engine_of(here)
    query = engine.query(engine.prepare(here.participants, here.events, DAY))
    reasons = [list_exclusions(int(bits)) for bits in find_exclusions(query)[0]]
    assert all(Exclusion.TAKEN_ALREADY in of_offer for of_offer in reasons[:3])
