"""What is said where nothing fits: the wish as it was written, no date that nobody knows, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from recommender.engine import Engine
from recommender.messages import Messages
from recommender.responses.notices import write_notices
from tests.recommender.worlds import DAY, World, random_world

EngineOf = Callable[[World], Engine]


def wish(world: World, word: str) -> World:
    people = world.participants.with_columns(
        interests=pl.Series([[word]] * len(world.participants), dtype=pl.List(pl.String)),
        target_occupation=pl.lit(None, pl.String),
        occupation=pl.lit(None, pl.String),
        skills=pl.Series([[]] * len(world.participants), dtype=pl.List(pl.String)),
        profiling_opt_out=pl.lit(False),
    )
    return replace(world, participants=people)


def test_the_nearest_has_a_date_where_one_is_known_and_what_is_not_permitted_a_reason(
    engine_of: EngineOf, messages: Messages
) -> None:
    codes: set[str] = set()
    why: set[str] = set()
    for seed in range(12):
        world = wish(random_world(seed, n_courses=30, n_participants=12), "LAS")
        engine = engine_of(world)
        found = engine.recommend(engine.prepare(world.participants, world.events, DAY))
        for notice in filter(None, write_notices(engine, messages, found)):
            codes.add(notice["code"])
            assert notice["evidence"]["wish"] == "LAS"
            assert "{" not in notice["text"]
            if notice["code"] == "nothing_permitted":
                why.add(notice["text"].partition("”. ")[2])
            assert ("date" in notice["evidence"]) == (notice["code"] == "nothing_near")
    assert codes >= {"nothing_near", "nothing_near_undated"}
    assert "Lamanya 6 jam; program membiayai mulai 15 jam." in why
    assert any("Bila ada kelas yang berlangsung paling sedikit" in one for one in why), why
