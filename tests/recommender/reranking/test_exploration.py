"""What is left to chance comes with the probability that is logged, and serves to judge other policies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from scipy import stats

from evaluation.logged_slates import read_logged_slates
from evaluation.off_policy import importance_weights, independent_ips
from recommender.engine import Engine
from recommender.participants.prepared import PreparedParticipants
from recommender.reranking.exploration import explore
from recommender.settings import Exploration, SlateSettings
from store.impressions import ShownSlate, to_events
from tests.recommender.worlds import DAY, World, random_world, table
from training_data.profiles import Participant, to_tables

K, POOL = 5, 4
SETTING = Exploration(share=0.3, places=2, pool=POOL)
SEEDS = [f"request-{number}" for number in range(40_000)]


def ordered(rows: int, real: int = K + POOL) -> np.ndarray:
    row = np.where(np.arange(K + POOL) < real, np.arange(K + POOL) + 100, -1)
    return np.tile(row, (rows, 1))


def alike(rows: int, real: int = K + POOL) -> np.ndarray:
    """All real ones fit as well as each other."""
    return np.where(ordered(rows, real) >= 0, 2, -1).astype(np.int8)


def test_where_some_fit_better_chance_moves_nothing_above_them() -> None:
    fits = np.tile(np.array([2, 2, 2, 2, 1, 1, 1, 0, 0], dtype=np.int8), (len(SEEDS), 1))
    chosen, propensities = explore(ordered(len(SEEDS)), fits, K, SETTING, SEEDS)
    assert (chosen[:, 3] == 103).all()
    assert propensities[:, 3] == pytest.approx(1)
    shown, counts = np.unique(chosen[:, 4], return_counts=True)
    assert shown.tolist() == [104, 105, 106]
    expected = np.array([propensities[chosen[:, 4] == one, 4][0] for one in shown])
    assert expected.sum() == pytest.approx(1)
    assert stats.chisquare(counts, expected * len(SEEDS)).pvalue > 0.001


def test_what_is_shown_comes_as_often_as_logged() -> None:
    chosen, propensities = explore(ordered(len(SEEDS)), alike(len(SEEDS)), K, SETTING, SEEDS)
    assert (chosen[:, :3] == [100, 101, 102]).all()
    assert (propensities[:, :3] == 1).all()
    for place in (3, 4):
        shown, counts = np.unique(chosen[:, place], return_counts=True)
        logged = [propensities[chosen[:, place] == one, place] for one in shown]
        assert all(len(np.unique(one)) == 1 for one in logged)
        expected = np.array([one[0] for one in logged])
        assert shown.tolist() == list(range(103, 109))
        assert expected.sum() == pytest.approx(1)
        assert stats.chisquare(counts, expected * len(SEEDS)).pvalue > 0.001


def test_a_draw_without_replacement_repeats_nothing() -> None:
    chosen, _ = explore(ordered(2_000), alike(2_000), K, SETTING, SEEDS[:2_000])
    assert all(len(set(row)) == K for row in chosen.tolist())


@pytest.mark.parametrize("real", [0, 2, 3, 4, 5, 6, 9])
def test_short_lists_stay_whole(real: int) -> None:
    chosen, propensities = explore(
        ordered(20_000, real), alike(20_000, real), K, SETTING, SEEDS[:20_000]
    )
    length = min(real, K)
    assert ((chosen >= 0).sum(axis=1) == length).all()
    assert (chosen[:, :length] >= 0).all()
    for place in range(3, length):
        shown, counts = np.unique(chosen[:, place], return_counts=True)
        expected = [propensities[chosen[:, place] == one, place][0] for one in shown]
        assert sum(expected) == pytest.approx(1)
        if len(shown) > 1:
            assert stats.chisquare(counts, np.array(expected) * 20_000).pvalue > 0.001


def test_a_list_can_be_made_again() -> None:
    once, again = (explore(ordered(500), alike(500), K, SETTING, SEEDS[:500])[0] for _ in range(2))
    np.testing.assert_array_equal(once, again)
    alone = explore(ordered(1), alike(1), K, SETTING, SEEDS[7:8])[0]
    np.testing.assert_array_equal(once[7:8], alone)


def test_without_a_seed_nothing_is_left_to_chance() -> None:
    chosen, propensities = explore(
        ordered(100), alike(100), K, Exploration(share=1.0), [None] * 100
    )
    assert (chosen == ordered(1)[0, :K]).all()
    assert (propensities == 1).all()


def test_another_policy_is_judged_from_the_log() -> None:
    """The log of an exploring list tells what a list with other trainings in the last places earns."""
    rng = np.random.default_rng(5)
    worth = rng.uniform(0.05, 0.6, K + POOL)
    fade = np.array([1.0, 0.9, 0.8, 0.7, 0.6])  # whether anybody looks at the place
    other = np.array([0, 1, 2, 7, 5])  # what the new policy puts at each place, always
    truth = float((worth[other] * fade).sum())
    covered = []
    for run in range(60):
        seeds = [f"{run}-{number}" for number in range(3_000)]
        chosen, propensities = explore(ordered(len(seeds)), alike(len(seeds)), K, SETTING, seeds)
        rewards = (rng.random(chosen.shape) < worth[chosen - 100] * fade).astype(float)
        weights = importance_weights((chosen - 100 == other).astype(float), propensities)
        estimate = independent_ips(rewards, weights)
        covered.append(estimate.low <= truth <= estimate.high)
    assert np.mean(covered) > 0.85


@pytest.fixture(scope="module")
def repeated(engine_of: Callable[[World], Engine]) -> tuple[Engine, PreparedParticipants]:
    """An engine, and one person thousands of times."""
    world = random_world(5, n_courses=300)
    engine = engine_of(world)
    someone = Participant(region="Kota Jakarta Pusat", birth_year=1990, balance_idr=3_500_000)
    tables = to_tables([someone], ["someone"], engine.reader.vocabularies.regions)
    participant = engine.prepare(*tables, DAY)
    found = engine.recommend(participant, SlateSettings(k=K + POOL))
    assert (found.slates.ids >= 0).sum() == K + POOL
    return engine, participant.take(np.zeros(3_000, dtype=np.intp))


def test_what_the_engine_logs_is_how_often_it_shows(
    repeated: tuple[Engine, PreparedParticipants],
) -> None:
    engine, participants = repeated
    seeds = SEEDS[: len(participants)]
    settings = SlateSettings(k=K, exploration=SETTING)
    slates = engine.recommend(participants, settings, seeds=seeds).slates
    assert slates.propensities is not None
    for place in range(K):
        shown, counts = np.unique(slates.ids[:, place], return_counts=True)
        logged = [slates.propensities[slates.ids[:, place] == one, place] for one in shown]
        assert all(np.ptp(one) == 0 for one in logged)
        expected = np.array([one[0] for one in logged])
        assert expected.sum() == pytest.approx(1)
        assert (
            place < K - SETTING.places
            or stats.chisquare(counts, expected * len(participants)).pvalue > 0.001
        )


def test_the_log_of_the_engine_judges_its_list_without_chance(
    repeated: tuple[Engine, PreparedParticipants],
) -> None:
    engine, participants = repeated
    seeds = SEEDS[: len(participants)]
    settings = SlateSettings(k=K, exploration=SETTING)
    found = engine.recommend(participants, settings, seeds=seeds).slates
    always = engine.recommend(participants, SlateSettings(k=K)).slates.ids[0]
    worth = np.random.default_rng(1).uniform(0.05, 0.6, len(engine.catalogue))
    log = _write_log(engine, found.ids, found.propensities, seeds, worth)
    slates = read_logged_slates(log, K, {"click": 1.0})
    names = np.array(engine.catalogue.ids)[always]
    weights = importance_weights((slates.courses == names).astype(float), slates.propensities)
    estimate = independent_ips(slates.rewards, weights)
    assert estimate.low <= worth[always].sum() <= estimate.high
    seen_as_certain = independent_ips(slates.rewards, np.ones_like(weights))
    assert not seen_as_certain.low <= worth[always].sum() <= seen_as_certain.high


def _write_log(
    engine: Engine,
    ids: np.ndarray,
    propensities: np.ndarray | None,
    seeds: list[str],
    worth: np.ndarray,
) -> pl.DataFrame:
    """Impressions as the service keeps them, and clicks on them."""
    assert propensities is not None
    rng = np.random.default_rng(2)
    at = dt.datetime(2024, 6, 15, tzinfo=dt.UTC)
    rows = []
    for seed, courses, chances in zip(seeds, ids, propensities.tolist(), strict=True):
        items = [
            (engine.catalogue.ids[course], chance)
            for course, chance in zip(courses, chances, strict=True)
        ]
        shown = to_events(ShownSlate(seed, "someone", at, "bundle", items)._asdict())
        clicked = rng.random(len(courses)) < worth[courses]
        rows += shown
        rows += [
            one | {"event_id": f"{one['event_id']}:click", "kind": "click", "propensity": None}
            for one, click in zip(shown, clicked, strict=True)
            if click
        ]
    return table("interactions", rows)
