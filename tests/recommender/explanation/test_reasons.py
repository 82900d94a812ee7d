"""Reasons: every recommended training has one, none is said twice, and each has its evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from recommender.engine import Engine
from recommender.explanation.reasons import explain
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.features import FEATURES
from recommender.settings import SlateSettings
from tests.recommender.worlds import DAY, World, random_world

EngineOf = Callable[[World], Engine]


def test_every_recommended_training_has_a_reason(
    someone: tuple[Engine, PreparedParticipants],
) -> None:
    engine, participant = someone
    found = engine.recommend(participant)
    reasons = engine.explain(found, engine.explanation_context(found, "en"))
    assert len(reasons) == (found.slates.ids >= 0).sum()
    assert all(reasons)


def test_two_features_that_say_the_same_give_one_reason(engine_of: EngineOf) -> None:
    world = random_world(5, n_courses=60)
    engine = engine_of(world)
    willing = world.participants.with_columns(profiling_opt_out=pl.lit(False))
    found = engine.recommend(engine.prepare(willing, world.events, DAY), SlateSettings())
    ids = np.arange(2 * len(willing), dtype=np.int32).reshape(-1, 2)
    moved = np.zeros((ids.size, len(FEATURES)), dtype=np.float32)
    for name in ("similar_participants", "group_popularity"):
        moved[:, FEATURES.index(name)] = 1
    narrowed = replace(found, slates=replace(found.slates, ids=ids))
    reasons = explain(engine.explanation_context(narrowed, "en"), moved)
    assert all([reason.code for reason in each] == ["similar_participants"] for each in reasons)


def test_what_builds_on_a_finished_training_says_on_which(engine_of: EngineOf) -> None:
    world = random_world(5, n_courses=60)
    needing = pl.when(pl.col("course_id") == "c1").then(pl.lit(["c0"]))
    courses = world.courses.with_columns(
        prerequisites=needing.otherwise(pl.lit([], pl.List(pl.String)))
    )
    events = world.events[:1].with_columns(
        course_id=pl.lit("c0"), kind=pl.lit("complete").cast(world.events["kind"].dtype)
    )
    person = world.participants.filter(pl.col("participant_id") == events["participant_id"][0])
    engine = engine_of(replace(world, courses=courses))
    willing = person.with_columns(profiling_opt_out=pl.lit(False))
    found = engine.recommend(engine.prepare(willing, events, DAY))
    ids = np.array([[1, 0]], dtype=np.int32)
    narrowed = replace(found, slates=replace(found.slates, ids=ids))
    moved = np.zeros((2, len(FEATURES)), dtype=np.float32)
    moved[:, FEATURES.index("builds_on")] = 1
    first, second = explain(engine.explanation_context(narrowed, "en"), moved)
    assert [(one.code, one.evidence) for one in first] == [("builds_on", {"course": "Training 0"})]
    assert [one.code for one in second] == ["permitted"]
