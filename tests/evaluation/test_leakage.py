from __future__ import annotations

import numpy as np
import pytest

from evaluation.leakage import check_pipeline, check_split, check_strangers
from evaluation.metrics import Truth
from evaluation.splits import Split, global_time_split
from models.candidates.interactions import Interactions


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    rng = np.random.default_rng(0)
    n, n_users, n_items = 2000, 150, 40
    items = (rng.beta(1, 3, n) * n_items).astype(np.int32)
    users = rng.integers(0, n_users, n).astype(np.int32)
    return Interactions(users, items, np.ones(n, np.float32), n_users, n_items, np.arange(n))


def by_popularity(counts: np.ndarray, n_users: int) -> np.ndarray:
    return np.tile(np.argsort(-counts, kind="stable")[:10], (n_users, 1))


def honest(interactions: Interactions, split: Split) -> np.ndarray:
    past = interactions.take(split.development)
    return by_popularity(np.bincount(past.items, minlength=past.n_items), past.n_users)


def popular_of_all_time(interactions: Interactions, _: Split) -> np.ndarray:
    counts = np.bincount(interactions.items, minlength=interactions.n_items)
    return by_popularity(counts, interactions.n_users)


def hides_what_is_taken_later(interactions: Interactions, split: Split) -> np.ndarray:
    """Popularity that leaves out of each list all that the user ever took, the test included."""
    past = interactions.take(split.development)
    scores = np.tile(np.bincount(past.items, minlength=past.n_items), (past.n_users, 1))
    scores[interactions.users, interactions.items] = -1
    return np.argsort(-scores, axis=1, kind="stable")[:, :10]


def test_an_honest_pipeline_passes(interactions: Interactions) -> None:
    assert check_pipeline(honest, interactions, global_time_split(interactions)) == []


@pytest.mark.parametrize("leaky", [popular_of_all_time, hides_what_is_taken_later])
def test_a_leaky_pipeline_is_caught_with_the_reason(
    interactions: Interactions, leaky: object
) -> None:
    reasons = check_pipeline(leaky, interactions, global_time_split(interactions))
    assert len(reasons) == 1
    assert "it reads events that lie after the training part" in reasons[0]


def test_a_random_pipeline_is_told_to_fix_its_seed(interactions: Interactions) -> None:
    rng = np.random.default_rng()
    reasons = check_pipeline(
        lambda x, _: rng.integers(0, x.n_items, (x.n_users, 5)),
        interactions,
        global_time_split(interactions),
    )
    assert "seed" in reasons[0]


def test_split_that_looks_ahead_is_caught(interactions: Interactions) -> None:
    good = global_time_split(interactions)
    assert check_split(interactions, good) == []
    late = Split(np.append(good.train, good.test[-1]), good.validation, good.test)
    reasons = check_split(interactions, late)
    assert "1 test events are training events too" in reasons[0]
    assert "learns from the future" in reasons[1]


def test_a_run_that_knows_strangers_is_caught() -> None:
    rng = np.random.default_rng(1)
    target = rng.integers(0, 30, 200)
    truth = Truth.from_events(np.arange(200), target, 200)
    seen = np.arange(200) < 100
    guess = rng.permuted(np.tile(np.arange(30), (200, 1)), axis=1)
    assert check_strangers(guess, truth, seen) == []
    cheat = np.column_stack([target, np.full((200, 9), -1)])
    assert "has seen their test events" in check_strangers(cheat, truth, seen)[0]
