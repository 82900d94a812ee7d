"""Metamorphic properties of the whole engine on random worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.eligibility.mask import build_list_mask
from recommender.engine import Engine, Recommendations
from recommender.participants.batch import filter_events
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.profile_embedding import WEIGHTS
from recommender.settings import CourseFilters, Exploration, SlateSettings
from tests.comparison import assert_same
from tests.recommender.conftest import INTERESTS
from tests.recommender.worlds import DAY, World, random_world
from training_data.packing import pack, unpack
from training_data.profiles import ParticipantRows, to_columns

EngineOf = Callable[[World], Engine]
worlds = st.integers(0, 2**32 - 1).map(random_world)
MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def prepare(engine: Engine, world: World) -> PreparedParticipants:
    return engine.prepare(world.participants, world.events, DAY)


def recommend(engine: Engine, world: World, **settings: object) -> Recommendations:
    return engine.recommend(prepare(engine, world), SlateSettings(**settings))


@MANY
@given(worlds, st.integers(1, 30), st.floats(0, 1))
def test_lists_are_permitted_distinct_and_no_longer_than_asked(
    engine_of: EngineOf, world: World, k: int, weight: float
) -> None:
    engine = engine_of(world)
    found = recommend(engine, world, k=k, relevance_weight=weight)
    mask = build_list_mask(found.query)
    for row, ids in enumerate(found.slates.ids):
        filled = ids[ids >= 0]
        assert len(ids) <= k
        assert len(set(filled)) == len(filled)
        assert mask[row, filled].all()
        assert len(filled) == min(k, mask[row].sum())
        assert np.isfinite(found.slates.scores[row, : len(filled)]).all()


@MANY
@given(worlds, st.integers(1, 12), st.integers(0, 3), st.integers(0, 6))
def test_exploration_keeps_to_what_is_permitted_and_to_the_head_of_the_list(
    engine_of: EngineOf, world: World, k: int, places: int, pool: int
) -> None:
    engine = engine_of(world)
    participants = prepare(engine, world)
    exploring = SlateSettings(k=k, exploration=Exploration(1.0, places, pool))
    plain = engine.recommend(participants, SlateSettings(k=k)).slates
    seeds = [name if row % 2 else None for row, name in enumerate(participants.ids)]
    recommendations = engine.recommend(participants, exploring, seeds=seeds)
    mask, found = build_list_mask(recommendations.query), recommendations.slates
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
    replayed = engine.recommend(participants, exploring, seeds=seeds).slates
    np.testing.assert_array_equal(found.ids, replayed.ids)
    assert engine.recommend(participants, exploring).slates.propensities is None


def test_recommendations_say_how_they_came_about(engine_of: EngineOf) -> None:
    world = random_world(136)
    trace = recommend(engine_of(world), world, per_source=2).trace
    assert list(trace.seconds) == ["eligibility", "retrieval", "ranking", "reranking"]
    assert set(trace.proposed) == {"content", "vacancy_demand"}
    assert 0 < trace.proposed["content"] <= 2 * len(world.participants)


@MANY
@given(worlds)
def test_a_batch_of_one_gets_the_same_slate_as_in_a_batch(
    engine_of: EngineOf, world: World
) -> None:
    engine = engine_of(world)
    whole = recommend(engine, world).slates.ids
    for row in range(len(world.participants)):
        person = replace(world, participants=world.participants[row : row + 1])
        alone = recommend(engine, person).slates.ids
        expected = whole[row][whole[row] >= 0]
        assert np.array_equal(alone[0][alone[0] >= 0], expected)


@MANY
@given(worlds, st.sets(st.integers(0, 19), min_size=1))
def test_a_withdrawn_course_vanishes_from_every_list(
    engine_of: EngineOf, world: World, gone: set[int]
) -> None:
    engine = engine_of(world)
    after = recommend(engine.without({f"c{i}" for i in gone}), world, k=20)
    assert not set(after.slates.ids.ravel()) & gone


@MANY
@given(worlds)
def test_a_balance_under_its_price_removes_a_course(engine_of: EngineOf, world: World) -> None:
    engine = engine_of(world)
    before = recommend(engine, world, k=20).slates.ids
    for row in range(len(world.participants)):
        filled = before[row][before[row] >= 0]
        priced = filled[engine.catalogue.price[filled] > 0]
        if not len(priced):
            continue
        course = int(priced[0])
        short = pl.lit(int(engine.catalogue.price[course]) - 1, pl.Int64).alias("balance_idr")
        poorer = world.participants[row : row + 1].with_columns(short)
        after = recommend(engine, replace(world, participants=poorer), k=20).slates.ids[0]
        assert course not in after
        assert set(after) - {-1} <= set(filled)


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
    one = recommend(engine, replace(world, participants=objecting))
    other = recommend(engine, replace(world, participants=someone_else))
    assert np.array_equal(one.slates.ids, other.slates.ids)


@MANY
@given(worlds, st.sampled_from(["webinar", "in_person"]), st.integers(0, 2_000_000))
def test_filters_narrow_the_list(engine_of: EngineOf, world: World, mode: str, price: int) -> None:
    engine = engine_of(world)
    filters = CourseFilters(modes=(mode,), max_price_idr=price)
    found = engine.recommend(prepare(engine, world), SlateSettings(k=20), filters).slates.ids
    ids = found[found >= 0]
    assert (world.courses["mode"].gather(ids) == mode).all()
    assert (world.courses["price_idr"].gather(ids) <= price).all()


def test_a_provider_cap_holds(someone: tuple[Engine, PreparedParticipants]) -> None:
    engine, participant = someone
    ids = engine.recommend(participant, SlateSettings(provider_cap=1)).slates.ids[0]
    providers = engine.catalogue.provider[ids[ids >= 0]]
    assert sorted(providers) == list(range(len(engine.catalogue.providers)))


def test_small_providers_get_their_places(someone: tuple[Engine, PreparedParticipants]) -> None:
    engine, participant = someone
    small = engine.catalogue.of_small_provider
    assert 0 < small.sum() < len(small) / 2 + 1
    plain = engine.recommend(participant).slates.ids[0]
    there = int(small[plain].sum())
    settings = SlateSettings(small_provider_places=there + 2)
    with_floor = engine.recommend(participant, settings).slates.ids[0]
    assert small[with_floor].sum() == there + 2


def test_topics_follow_the_interests_in_equal_parts(
    someone: tuple[Engine, PreparedParticipants],
) -> None:
    engine, participant = someone

    def topics(weight: float) -> list[int]:
        settings = SlateSettings(k=6, calibration_weight=weight)
        ids = engine.recommend(participant, settings).slates.ids[0]
        category = engine.catalogue.category[ids]
        return [
            int((category == engine.catalogue.categories.index(name)).sum()) for name in INTERESTS
        ]

    assert topics(0.0) != [3, 3]
    assert topics(100.0) == [3, 3]


@MANY
@given(worlds, st.randoms(use_true_random=False))
def test_participants_prepared_one_by_one_are_those_of_one_batch(
    engine_of: EngineOf, world: World, random: Random
) -> None:
    engine = engine_of(world)
    order = random.sample(range(len(world.participants)), k=len(world.participants))
    everybody = world.participants[order]
    whole = engine.prepare(everybody, world.events, DAY)
    alone = [
        ParticipantRows(one.row(0), filter_events(one, world.events).rows())
        for one in everybody.iter_slices(1)
    ]
    joined = unpack([pack(engine.prepare(*to_columns([one]), DAY))[0] for one in alone])
    assert joined.ids == whole.ids
    assert_same(joined.batch, whole.batch)
    np.testing.assert_allclose(joined.vectors, whole.vectors, rtol=1e-5, atol=1e-6)
    one, other = engine.recommend(whole), engine.recommend(joined)
    assert one.slates.ids.tolist() == other.slates.ids.tolist()
    np.testing.assert_allclose(one.slates.scores, other.slates.scores, rtol=1e-5)
    reasons = [list_reasons(engine, each) for each in (one, other)]
    assert reasons[0] == reasons[1]


def list_reasons(
    engine: Engine, recommendations: Recommendations
) -> list[list[tuple[str, dict[str, Any]]]]:
    """Return code and evidence of every reason, pair by pair."""
    context = engine.explanation_context(recommendations, "en")
    return [
        [(reason.code, reason.evidence) for reason in reasons]
        for reasons in engine.explain(recommendations, context)
    ]


def test_a_goal_in_ones_own_words_is_worth_what_its_name_is(engine_of: EngineOf) -> None:
    """By a name in a sentence, by a title of KBJI 2014; one's own words stay beside what they name."""
    world = random_world(1, n_participants=5)
    engine = engine_of(world)
    goals = ["juru-las", "ingin jadi tukang las di bengkel", "pekerja pengelasan", "hakim", None]
    participants = world.participants.with_columns(
        pl.Series("target_occupation", goals, dtype=pl.String), profiling_opt_out=pl.lit(False)
    )
    prepared = prepare(engine, replace(world, participants=participants))
    occupations = world.vocabularies.occupations.vocabulary
    welder = occupations.find("juru-las")
    assert prepared.batch.skills.target.tolist() == [welder, welder, welder, -1, -1]
    needs = prepared.batch.skills.needs.toarray()
    assert needs[0].any()
    assert (needs[:3] == needs[0]).all()
    label = occupations.terms[welder].label("id")
    written = [list_goals(prepared.take(np.array([row]))) for row in range(5)]
    assert written == [[label], goals[1:2], goals[2:3], ["hakim"], []]
    named = {phrase.text: phrase.occupations for phrase in prepared.profile.phrases}
    assert all(named[goal] == (welder,) for goal in (label, *goals[1:3]))
    assert named["hakim"] == ()


def list_goals(participant: PreparedParticipants) -> list[str]:
    """Return the phrases of a profile without interests that weigh what a goal does."""
    profile = participant.profile
    heaviest = np.flatnonzero(profile.weights.toarray()[0] == np.float32(WEIGHTS["target"]))
    return [profile.phrases[phrase].text for phrase in heaviest]
