"""Prepared participants: the same prepared together or each alone, and taken apart and joined again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.engine import Engine
from recommender.participants.batch import filter_events
from recommender.participants.prepared import PreparedParticipants
from recommender.reranking.slate import Slates
from recommender.retrieval.sources import build_models
from recommender.settings import SlateSettings
from recommender.training.costs import Costs
from recommender.training.log import collect_interactions, fit_models, read_side
from tests.comparison import assert_same
from tests.recommender.worlds import DAY, World, random_world
from training_data.packing import pack, unpack
from training_data.profiles import ParticipantRows, to_columns

EngineOf = Callable[[World], Engine]
PARTICIPANTS = 12
GOALS = ("juru-las", "ingin jadi tukang las di bengkel", "hakim", None)
SKILLS = ("las", "saya bisa las listrik", "lancar python", "menjahit baju", "memasak")
INTERESTS = ("Teknik", "kue kering", "belajar data python", "ingin jualan kue")
MANY = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write_in_own_words(world: World, rng: Random) -> World:
    """Let participants say in their own words what they can do and what they look for."""
    skills = [
        [*known, *rng.sample(SKILLS, rng.randrange(3))]
        for known in world.participants["skills"].to_list()
    ]
    interests = [rng.sample(INTERESTS, rng.randrange(3)) for _ in skills]
    goals = [rng.choice(GOALS) for _ in skills]
    participants = world.participants.with_columns(
        pl.Series("skills", skills, dtype=pl.List(pl.String)),
        pl.Series("interests", interests, dtype=pl.List(pl.String)),
        pl.Series("target_occupation", goals, dtype=pl.String),
    )
    return replace(world, participants=participants)


def build_world(seed: int) -> World:
    world = random_world(seed, n_participants=PARTICIPANTS)
    return write_in_own_words(world, Random(seed))  # noqa: S311


worlds = st.integers(0, 2**32 - 1).map(build_world)


def fit_engine(engine_of: EngineOf, world: World) -> Engine:
    """Return an engine that learnt from what the participants did, so that every source says something."""
    engine = replace(engine_of(world), models=build_models({}, simulated=True))
    interactions, _ = collect_interactions(
        world.participants, world.events, engine.catalogue.index, engine.objective
    )
    fit_models(engine.models, interactions, read_side(engine, world.participants), Costs())
    return engine


def prepare(engine: Engine, world: World) -> PreparedParticipants:
    return engine.prepare(world.participants, world.events, DAY)


def list_reasons(engine: Engine, participants: PreparedParticipants) -> list[list[Any]]:
    found = engine.recommend(participants)
    reasons = engine.explain(found, engine.explanation_context(found, "id"))
    return [[(reason.code, reason.evidence) for reason in of_pair] for of_pair in reasons]


def recommend(engine: Engine, participants: PreparedParticipants) -> Slates:
    return engine.recommend(participants, SlateSettings(k=6, calibration_weight=0.3)).slates


def join(parts: Iterable[PreparedParticipants]) -> PreparedParticipants:
    """Return the participants as the service keeps them and asks about them together."""
    return unpack([row for part in parts for row in pack(part)])


def assert_same_participants(
    one: PreparedParticipants, other: PreparedParticipants, tolerance: float = 0.0
) -> None:
    """Check all but the order in which phrases stand."""
    assert one.day == other.day
    assert one.ids == other.ids
    assert_same(one.batch, other.batch)
    assert_same(one.vectors, other.vectors, tolerance)
    assert_same(one.representations, other.representations, tolerance)


def assert_same_answers(
    engine: Engine,
    one: PreparedParticipants,
    other: PreparedParticipants,
    tolerance: float = 0.0,
) -> None:
    slates = recommend(engine, one), recommend(engine, other)
    assert slates[0].ids.tolist() == slates[1].ids.tolist()
    assert_same(slates[0].scores, slates[1].scores, tolerance)
    assert_same(slates[0].features, slates[1].features, tolerance)
    assert list_reasons(engine, one) == list_reasons(engine, other)


@MANY
@given(worlds)
def test_to_prepare_many_is_to_join_each_prepared_alone(engine_of: EngineOf, world: World) -> None:
    engine = fit_engine(engine_of, world)
    whole = prepare(engine, world)
    assert set(whole.representations) == set(build_models({}, simulated=True))
    events = [filter_events(one, world.events) for one in world.participants.iter_slices(1)]
    pairs = list(zip(world.participants.iter_slices(1), events, strict=True))
    frames = join(engine.prepare(*pair, DAY) for pair in pairs)
    rows = [ParticipantRows(one.row(0), did.rows()) for one, did in pairs]
    columns = join(engine.prepare(*to_columns([each]), DAY) for each in rows)
    for joined in (frames, columns):
        assert_same_participants(joined, whole, tolerance=1e-5)
        assert_same_answers(engine, joined, whole, tolerance=1e-5)
    assert_same(frames, columns)


@MANY
@given(worlds)
def test_to_take_each_and_join_them_changes_nothing(engine_of: EngineOf, world: World) -> None:
    engine = fit_engine(engine_of, world)
    whole = prepare(engine, world)
    everybody = np.arange(PARTICIPANTS)
    assert_same(whole.take(everybody), whole)
    joined = join(whole.take(row[None]) for row in everybody)
    assert_same_participants(joined, whole)
    assert_same_answers(engine, joined, whole)
    assert_same(joined.take(everybody).batch, joined.batch)


@MANY
@given(worlds, st.permutations(range(PARTICIPANTS)), st.integers(0, PARTICIPANTS))
def test_some_in_any_order_are_rows_of_all(
    engine_of: EngineOf, world: World, order: list[int], cut: int
) -> None:
    engine = fit_engine(engine_of, world)
    whole = prepare(engine, world)
    parts = [whole.take(np.array(rows, dtype=np.intp)) for rows in (order[:cut], order[cut:])]
    joined = join(parts)
    assert_same_participants(joined, prepare(engine, reorder(world, order)), tolerance=1e-5)
    of_all = recommend(engine, whole)
    for part, rows in zip(parts, (order[:cut], order[cut:]), strict=True):
        found = recommend(engine, part)
        for row, ids, scores in zip(rows, found.ids, found.scores, strict=True):
            filled = of_all.ids[row][of_all.ids[row] >= 0]
            assert ids[ids >= 0].tolist() == filled.tolist()
            expected = of_all.scores[row][: len(filled)]
            np.testing.assert_allclose(scores[: len(filled)], expected, rtol=1e-5)


def reorder(world: World, order: list[int]) -> World:
    return replace(world, participants=world.participants[order])


@MANY
@given(worlds)
def test_a_profile_taken_has_its_own_phrases_only(engine_of: EngineOf, world: World) -> None:
    whole = prepare(engine_of(world), world)
    for row in range(PARTICIPANTS):
        profile = whole.take(np.array([row])).profile
        of_all = whole.profile.weights[row]
        assert profile.phrases == tuple(whole.profile.phrases[one] for one in of_all.indices)
        np.testing.assert_array_equal(profile.weights.toarray()[0], of_all.data)
        np.testing.assert_array_equal(profile.vectors, whole.profile.vectors[of_all.indices])
