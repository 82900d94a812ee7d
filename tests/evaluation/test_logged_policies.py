"""What a new policy would have earned, from impressions as the store and the simulator write them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.logged_slates import LoggedSlates, read_logged_slates
from evaluation.off_policy import (
    Estimate,
    OverlapError,
    importance_weights,
    independent_ips,
    interaction_ips,
)
from recommender.reranking.exploration import explore
from recommender.settings import Exploration
from store import events, impressions
from store.database import open_store
from store.dataset_export import export_dataset
from training_data.columns import Interactions
from training_data.dataset import Dataset
from training_data.simulation import choices, figures
from training_data.simulation.events import simulate_interactions
from training_data.simulation.lists import Lists, show_lists
from training_data.simulation.people import simulate_people
from training_data.simulation.world import World, build_world

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 24, 9, 30, tzinfo=dt.UTC)
CLICKS = {"click": 1.0}

K, POOL, REQUESTS = 5, 4, 3000
WORTH = np.linspace(0.1, 0.6, K + POOL)  # what the ranker puts last is what people like most
FADE = np.array([1.0, 0.9, 0.8, 0.7, 0.6])  # whether anybody looks at the place
NEW = np.array([0, 1, 2, 8, 7])  # what the new policy shows, always


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> LoggedSlates:
    """Lists with exploration, shown and clicked by way of the store, read from the dataset."""
    folder: Path = tmp_path_factory.mktemp("served")
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    store.upgrade()
    rng = np.random.default_rng(0)
    requests = [f"r{number}" for number in range(REQUESTS)]
    best_first = np.tile(np.arange(K + POOL), (REQUESTS, 1))
    alike = np.zeros(best_first.shape, dtype=np.int8)
    ids, propensities = explore(best_first, alike, K, Exploration(0.5, 2, POOL), requests)
    lists = [
        impressions.ShownSlate(
            name, "p", NOW, "b1", [(f"c{i}", p) for i, p in zip(row, chances, strict=True)]
        )
        for name, row, chances in zip(requests, ids.tolist(), propensities.tolist(), strict=True)
    ]
    clicked = np.argwhere(rng.random(ids.shape) < WORTH[ids] * FADE)
    clicks = [
        dict.fromkeys(Interactions.columns())
        | {"event_id": f"{row}-{place}", "participant_id": "p", "kind": "click", "at": NOW}
        | {"course_id": f"c{ids[row, place]}", "request_id": requests[row]}
        for row, place in clicked.tolist()
    ]
    with store.writing() as connection:
        impressions.add(connection, lists, store.pseudonym)
        events.add(connection, clicks, store.pseudonym)
    dataset = Dataset.create(folder / "dataset")
    export_dataset(store, dataset)
    store.engine.dispose()
    return read_logged_slates(dataset.read("interactions"), K, CLICKS)


def test_the_log_of_the_service_tells_what_another_list_would_earn(served: LoggedSlates) -> None:
    always = np.array([f"c{i}" for i in NEW], dtype=object)
    weights = importance_weights((served.courses == always).astype(float), served.propensities)
    estimate = independent_ips(served.rewards, weights)
    truth = float(WORTH[NEW] @ FADE)
    assert len(served.courses) == REQUESTS
    assert estimate.low < truth < estimate.high
    assert served.rewards.sum(axis=1).mean() < estimate.low  # the log itself earned less


def test_the_service_cannot_tell_of_places_it_never_left_to_chance(served: LoggedSlates) -> None:
    always = np.array([f"c{i}" for i in (8, 1, 2, 3, 4)], dtype=object)
    weights = importance_weights((served.courses == always).astype(float), served.propensities)
    with pytest.raises(OverlapError, match="place 1"):
        independent_ips(served.rewards, weights)


FIRST_PLACES = 3
NEW_POPULARITY = 0.0  # the new policy forgets what is popular


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(dt.date(2024, 10, 1), seed=3)


def simulated(
    world: World, monkeypatch: pytest.MonkeyPatch, first: int, count: int, policy: float
) -> LoggedSlates:
    """First lists of people, under the simulator's policy, with the probabilities under another."""
    old = figures.LOGGING_POPULARITY

    def with_probabilities_of_another(
        logging: NDArray[np.float32],
        choice: NDArray[np.float32],
        noise: NDArray[np.float32],
        uniform: NDArray[np.float64],
    ) -> Lists:
        lists = show_lists(logging, choice, noise, uniform)
        weights = logging * np.exp(np.float32(policy - old) * world.popularity)
        drawn = np.take_along_axis(weights, lists.course, axis=1).astype(np.float64)
        left = weights.sum(axis=1, keepdims=True) - np.cumsum(drawn, axis=1) + drawn
        return replace(lists, propensity=np.where(lists.propensity > 0, drawn / left, 0))

    with monkeypatch.context() as patched:
        patched.setattr(figures, "LOGGED_SHARE", 1.0)
        patched.setattr(figures, "MAX_PURCHASES", 1)
        patched.setattr(choices, "show_lists", with_probabilities_of_another)
        log, _ = simulate_interactions(world, simulate_people(world, first, count))
    return read_logged_slates(log, FIRST_PLACES, CLICKS)


def judged(world: World, monkeypatch: pytest.MonkeyPatch, first: int, count: int) -> Estimate:
    """Estimate what the new policy earns, from the log of the old one."""
    old = simulated(world, monkeypatch, first, count, figures.LOGGING_POPULARITY)
    new = simulated(world, monkeypatch, first, count, NEW_POPULARITY)
    assert (old.courses == new.courses).all()
    return interaction_ips(old.rewards, importance_weights(new.propensities, old.propensities))


def truth(world: World, monkeypatch: pytest.MonkeyPatch) -> float:
    """What the new policy earns where it is the one that shows the lists."""
    monkeypatch.setattr(figures, "LOGGING_POPULARITY", NEW_POPULARITY)
    lists = simulated(world, monkeypatch, 1_000_000, 40_000, NEW_POPULARITY)
    return float(lists.rewards.sum(axis=1).mean())


def test_the_simulators_log_tells_what_another_policy_would_earn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = simulated(world, monkeypatch, 0, 4000, figures.LOGGING_POPULARITY)
    estimate = judged(world, monkeypatch, 0, 4000)
    assert estimate.low < truth(world, monkeypatch) < estimate.high
    assert log.rewards.sum(axis=1).mean() > estimate.high  # the log itself earned more


@pytest.mark.slow
def test_intervals_from_the_simulators_log_cover_the_truth(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimates = [judged(world, monkeypatch, run * 2000, 2000) for run in range(200)]
    true = truth(world, monkeypatch)
    covered = np.mean([one.low <= true <= one.high for one in estimates])
    print(f"rips on the simulator's log: coverage {covered:.1%} at a truth of {true:.4f}")
    assert 0.92 <= covered <= 0.98, covered
