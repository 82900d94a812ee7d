"""Metamorphic properties of the whole engine on random worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from recommender.eligibility.mask import permitted
from recommender.engine import Answer, Engine
from recommender.explanation.reasons import why
from recommender.participants.batch import events_of
from recommender.participants.packed import Vector, split, together
from recommender.participants.prepared import People
from recommender.ranking.features import FEATURES
from recommender.reranking.exploration import Exploration
from recommender.settings import Filters, Settings
from tests.recommender.worlds import DAY, World, random_world
from training_data.profiles import Profile, Rows, to_columns, to_tables

EngineOf = Callable[[World], Engine]
worlds = st.integers(0, 2**32 - 1).map(random_world)
MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def answer(engine: Engine, world: World, **asked: object) -> Answer:
    return engine.recommend(world.participants, world.events, DAY, Settings(**asked))


@MANY
@given(worlds, st.integers(1, 30), st.floats(0, 1))
def test_lists_are_permitted_distinct_and_no_longer_than_asked(
    engine_of: EngineOf, world: World, k: int, weight: float
) -> None:
    engine = engine_of(world)
    found = answer(engine, world, k=k, relevance_weight=weight)
    mask = permitted(found.question)
    for row, ids in enumerate(found.ids):
        filled = ids[ids >= 0]
        assert len(ids) <= k
        assert len(set(filled)) == len(filled)
        assert mask[row, filled].all()
        assert len(filled) == min(k, mask[row].sum())
        assert np.isfinite(found.scores[row, : len(filled)]).all()


@MANY
@given(worlds, st.integers(1, 12), st.integers(0, 3), st.integers(0, 6))
def test_exploration_keeps_to_what_is_permitted_and_to_the_head_of_the_list(
    engine_of: EngineOf, world: World, k: int, places: int, pool: int
) -> None:
    engine = engine_of(world)
    people = engine.people(world.participants, world.events, DAY)
    exploring = Settings(k=k, exploration=Exploration(1.0, places, pool))
    plain = engine.answer(people, DAY, Settings(k=k))
    seeds = [name if row % 2 else None for row, name in enumerate(people.ids)]
    found = engine.answer(people, DAY, exploring, seeds=seeds)
    mask = permitted(found.question)
    first = max(k - places, 0)
    np.testing.assert_array_equal(found.ids[:, :first], plain.ids[:, :first])
    np.testing.assert_array_equal(found.ids[::2], plain.ids[::2])
    assert found.propensities is not None
    assert (found.propensities[::2] == 1).all()
    assert ((found.propensities > 0) & (found.propensities <= 1)).all()
    for row, ids in enumerate(found.ids):
        filled = ids[ids >= 0]
        assert len(set(filled)) == len(filled) == (plain.ids[row] >= 0).sum()
        assert mask[row, filled].all()
    replayed = engine.answer(people, DAY, exploring, seeds=seeds)
    np.testing.assert_array_equal(found.ids, replayed.ids)
    assert engine.answer(people, DAY, exploring).propensities is None


def test_an_answer_says_how_it_came_about(engine_of: EngineOf) -> None:
    world = random_world(136)
    trace = answer(engine_of(world), world, per_source=2).trace
    assert list(trace.seconds) == ["eligibility", "retrieval", "ranking", "reranking"]
    assert set(trace.proposed) == {"content", "vacancy_demand"}
    assert 0 < trace.proposed["content"] <= 2 * len(world.participants)


@MANY
@given(worlds)
def test_a_batch_of_one_is_answered_as_in_a_batch(engine_of: EngineOf, world: World) -> None:
    engine = engine_of(world)
    whole = answer(engine, world)
    for row in range(len(world.participants)):
        person = world.participants[row : row + 1]
        alone = engine.recommend(person, world.events, DAY)
        expected = whole.ids[row][whole.ids[row] >= 0]
        assert np.array_equal(alone.ids[0][alone.ids[0] >= 0], expected)


@MANY
@given(worlds, st.sets(st.integers(0, 19), min_size=1))
def test_a_withdrawn_course_vanishes_from_every_list(
    engine_of: EngineOf, world: World, gone: set[int]
) -> None:
    engine = engine_of(world)
    after = answer(engine.without({f"c{i}" for i in gone}), world, k=20)
    assert not set(after.ids.ravel()) & gone


@MANY
@given(worlds)
def test_a_balance_under_its_price_removes_a_course(engine_of: EngineOf, world: World) -> None:
    engine = engine_of(world)
    before = answer(engine, world, k=20)
    for row in range(len(world.participants)):
        filled = before.ids[row][before.ids[row] >= 0]
        priced = filled[engine.catalogue.price[filled] > 0]
        if not len(priced):
            continue
        course = int(priced[0])
        short = pl.lit(int(engine.catalogue.price[course]) - 1, pl.Int64).alias("balance_idr")
        poorer = world.participants[row : row + 1].with_columns(short)
        after = engine.recommend(poorer, world.events, DAY, Settings(k=20))
        assert course not in after.ids[0]
        assert set(after.ids[0]) - {-1} <= set(filled)


@MANY
@given(worlds)
def test_the_neutral_list_does_not_depend_on_who_asks(engine_of: EngineOf, world: World) -> None:
    objecting = world.participants.with_columns(profiling_opt_out=pl.lit(True))
    someone_else = objecting.with_columns(
        interests=pl.lit(["las listrik"], pl.List(pl.String)),
        target_occupation=pl.lit("juru-masak"),
        gender=pl.lit("female").cast(objecting["gender"].dtype),
        disability=pl.lit(True),
    )
    engine = engine_of(world)
    one = answer(engine, replace(world, participants=objecting))
    other = answer(engine, replace(world, participants=someone_else))
    assert np.array_equal(one.ids, other.ids)


@MANY
@given(worlds, st.sampled_from(["webinar", "in_person"]), st.integers(0, 2_000_000))
def test_filters_narrow_the_list(engine_of: EngineOf, world: World, mode: str, price: int) -> None:
    engine = engine_of(world)
    narrowed = engine.recommend(
        world.participants, world.events, DAY, Settings(k=20), Filters((mode,), (), price)
    )
    ids = narrowed.ids[narrowed.ids >= 0]
    assert (world.courses["mode"].gather(ids) == mode).all()
    assert (world.courses["price_idr"].gather(ids) <= price).all()


INTERESTS = ["Teknik", "Pertanian"]


@pytest.fixture(scope="module")
def someone(engine_of: EngineOf) -> tuple[Engine, People]:
    """An engine, and a person who may take many of its trainings."""
    engine = engine_of(random_world(5, n_courses=300))
    profile = Profile(
        region="Kota Jakarta Pusat", birth_year=1990, balance_idr=3_500_000, interests=INTERESTS
    )
    people = engine.people(*to_tables([profile], ["someone"], engine.regions), DAY)
    assert (engine.answer(people, DAY).ids >= 0).sum() == 10
    return engine, people


def test_a_provider_cap_holds(someone: tuple[Engine, People]) -> None:
    engine, people = someone
    ids = engine.answer(people, DAY, Settings(provider_cap=1)).ids[0]
    providers = engine.catalogue.provider[ids[ids >= 0]]
    assert sorted(providers) == list(range(len(engine.catalogue.providers)))


def test_small_providers_get_their_places(someone: tuple[Engine, People]) -> None:
    engine, people = someone
    small = engine.catalogue.of_small_provider
    assert 0 < small.sum() < len(small) / 2 + 1
    plain = engine.answer(people, DAY).ids[0]
    there = int(small[plain].sum())
    with_floor = engine.answer(people, DAY, Settings(small_provider_places=there + 2)).ids[0]
    assert small[with_floor].sum() == there + 2


def test_topics_follow_the_interests_in_equal_parts(someone: tuple[Engine, People]) -> None:
    engine, people = someone

    def topics(weight: float) -> list[int]:
        ids = engine.answer(people, DAY, Settings(k=6, calibration_weight=weight)).ids[0]
        category = engine.catalogue.category[ids]
        return [
            int((category == engine.catalogue.categories.index(name)).sum()) for name in INTERESTS
        ]

    assert topics(0.0) != [3, 3]
    assert topics(100.0) == [3, 3]


def test_every_recommended_training_has_a_reason(someone: tuple[Engine, People]) -> None:
    engine, people = someone
    found = engine.answer(people, DAY)
    reasons = engine.why(found, engine.explainer(found, "en"))
    assert len(reasons) == (found.ids >= 0).sum()
    assert all(reasons)


@MANY
@given(worlds, st.randoms(use_true_random=False))
def test_people_read_one_by_one_are_answered_as_in_one_batch(
    engine_of: EngineOf, world: World, random: Random
) -> None:
    engine = engine_of(world)
    order = random.sample(range(len(world.participants)), k=len(world.participants))
    everybody = world.participants[order]
    whole = engine.people(everybody, world.events, DAY)
    alone = [
        Rows(one.row(0), events_of(one, world.events).rows()) for one in everybody.iter_slices(1)
    ]
    parts = [engine.people(*to_columns([one]), DAY) for one in alone]
    held: dict[str, Vector] = {}
    stacked = together([one for part in parts for one in split(part, held.setdefault)])
    assert stacked.ids == whole.ids
    assert_same(stacked.batch, whole.batch)
    np.testing.assert_allclose(
        stacked.wishes.participants(), whole.wishes.participants(), rtol=1e-5, atol=1e-6
    )
    for name, represented in whole.tastes.represented.items():
        kept = stacked.tastes.represented[name]
        np.testing.assert_allclose(kept.toarray(), represented.toarray(), rtol=1e-5, atol=1e-6)
    one, other = engine.answer(whole, DAY), engine.answer(stacked, DAY)
    assert one.ids.tolist() == other.ids.tolist()
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5)
    reasons = [engine.why(each, engine.explainer(each, "en")) for each in (one, other)]
    assert reasons[0] == reasons[1]


def assert_same(one: Any, other: Any) -> None:
    """Hold fields that are arrays, columns or matrices, and those below them, to be the same."""
    assert type(one) is type(other)
    if is_dataclass(one) and one is not other:
        for each in fields(one):
            assert_same(getattr(one, each.name), getattr(other, each.name))
    elif isinstance(one, sp.csr_matrix):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one.toarray(), other.toarray())
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, pl.Series):
        assert_series_equal(one, other)


def test_a_goal_in_ones_own_words_is_worth_what_its_name_is(engine_of: EngineOf) -> None:
    """By a name in a sentence, by a title of KBJI 2014; what we lack stays as it was written."""
    world = random_world(1, n_people=5)
    engine = engine_of(world)
    wished = ["juru-las", "ingin jadi tukang las di bengkel", "pekerja pengelasan", "hakim", None]
    world = replace(
        world,
        participants=world.participants.with_columns(
            pl.Series("target_occupation", wished, dtype=pl.String)
        ),
    )
    batch = engine.people(world.participants, world.events, DAY).batch
    welder = world.occupations.vocabulary.find("juru-las")
    assert batch.target.tolist() == [welder, welder, welder, -1, -1]
    needs = batch.needs.toarray()
    assert needs[0].any()
    assert (needs[:3] == needs[0]).all()
    kept = engine.understood(world.participants)["target_occupation"]
    assert kept.to_list()[3:] == ["hakim", None]


def test_two_features_that_say_the_same_give_one_reason(engine_of: EngineOf) -> None:
    world = random_world(5, n_courses=60)
    engine = engine_of(world)
    willing = world.participants.with_columns(profiling_opt_out=pl.lit(False))
    found = answer(engine, replace(world, participants=willing))
    ids = np.arange(2 * len(willing), dtype=np.int32).reshape(-1, 2)
    moved = np.zeros((ids.size, len(FEATURES)), dtype=np.float32)
    for name in ("similar_participants", "group_popularity"):
        moved[:, FEATURES.index(name)] = 1
    reasons = why(engine.explainer(replace(found, ids=ids), "en"), moved)
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
    found = engine.recommend(person.with_columns(profiling_opt_out=pl.lit(False)), events, DAY)
    asked = replace(found, ids=np.array([[1, 0]], dtype=np.int32))
    moved = np.zeros((2, len(FEATURES)), dtype=np.float32)
    moved[:, FEATURES.index("builds_on")] = 1
    first, second = why(engine.explainer(asked, "en"), moved)
    assert [(one.code, one.evidence) for one in first] == [("builds_on", {"course": "Training 0"})]
    assert [one.code for one in second] == ["permitted"]
