"""A simulator with known truth: contexts, a logging policy, a new policy, Bernoulli rewards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evaluation.off_policy import (
    Estimate,
    OverlapError,
    doubly_robust,
    effective_size,
    importance_weights,
    independent_ips,
    interaction_ips,
    ips,
    snips,
)

N_CONTEXTS, N_ACTIONS, N_LOG, K = 20, 8, 2000, 3
REPLICATIONS = 400


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draw(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (probabilities.cumsum(axis=1) < rng.random((len(probabilities), 1))).sum(axis=1)


WORLD = np.random.default_rng(11)
REWARD = WORLD.beta(1, 4, (N_CONTEXTS, N_ACTIONS))
OLD = softmax(WORLD.normal(0, 1, (N_CONTEXTS, N_ACTIONS)))
NEW = softmax(np.log(OLD) + 5 * REWARD)
NEAR = softmax(np.log(OLD) + 2 * REWARD)  # weights multiply down a slate: a closer policy
TRUTH = (NEW * REWARD).sum(axis=1).mean()


def single(seed: int) -> dict[str, Estimate]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, N_CONTEXTS, N_LOG)
    a = draw(OLD[x], rng)
    r = (rng.random(N_LOG) < REWARD[x, a]).astype(float)
    w = importance_weights(NEW[x, a], OLD[x, a])
    model = 0.7 * REWARD + 0.3 * REWARD.mean()  # a reward model that is biased
    return {
        "ips": ips(r, w),
        "snips": snips(r, w),
        "dr": doubly_robust(r, w, model[x, a], (NEW * model).sum(axis=1)[x]),
    }


def slate(seed: int, cascade: bool) -> dict[str, Estimate]:
    """Places drawn with repetition; with ``cascade`` a hit above halves what follows."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, N_CONTEXTS, N_LOG)
    actions = np.column_stack([draw(OLD[x], rng) for _ in range(K)])
    rewards = np.zeros((N_LOG, K))
    for place in range(K):
        chance = REWARD[x, actions[:, place]]
        if cascade and place:
            chance = chance * np.where(rewards[:, :place].any(axis=1), 0.2, 1)
        rewards[:, place] = rng.random(N_LOG) < chance
    weights = importance_weights(NEAR[x[:, None], actions], OLD[x[:, None], actions])
    return {"iips": independent_ips(rewards, weights), "rips": interaction_ips(rewards, weights)}


def slate_truth(cascade: bool) -> float:
    mean = (NEAR * REWARD).sum(axis=1)
    if not cascade:
        return float(K * mean.mean())
    value, untouched = np.zeros(N_CONTEXTS), np.ones(N_CONTEXTS)
    for _ in range(K):
        chance = mean * (untouched + (1 - untouched) * 0.2)
        value += chance
        untouched = untouched * (1 - mean)
    return float(value.mean())


def replicate(
    once: Callable[[int], dict[str, Estimate]], truth: float
) -> dict[str, tuple[float, float]]:
    """Coverage of the interval and root mean squared error of each estimator."""
    results = [once(seed) for seed in range(REPLICATIONS)]
    measured = {
        name: (
            np.mean([r[name].low <= truth <= r[name].high for r in results]),
            np.sqrt(np.mean([(r[name].value - truth) ** 2 for r in results])),
        )
        for name in results[0]
    }
    for name, (coverage, error) in measured.items():
        print(f"{name}: coverage {coverage:.1%}, error {error:.4f} at a truth of {truth:.4f}")
    return measured


def test_intervals_cover_the_truth_and_errors_rank() -> None:
    result = replicate(single, TRUTH)
    for name, (coverage, _) in result.items():
        assert 0.92 <= coverage <= 0.98, (name, coverage)
    assert result["dr"][1] < result["snips"][1] < result["ips"][1]


def test_slate_intervals_cover_where_places_are_independent() -> None:
    for name, (coverage, _) in replicate(lambda s: slate(s, False), slate_truth(False)).items():
        assert 0.92 <= coverage <= 0.98, (name, coverage)


def test_interaction_form_covers_where_a_hit_changes_what_follows() -> None:
    result = replicate(lambda s: slate(s, True), slate_truth(True))
    assert 0.92 <= result["rips"][0] <= 0.98
    assert result["iips"][0] < 0.92  # its assumption is broken here


def test_the_same_policy_gives_the_mean_reward() -> None:
    r = np.random.default_rng(0).random(200)
    for estimate in (ips(r, np.ones(200)), snips(r, np.ones(200))):
        assert estimate.value == pytest.approx(r.mean())
        assert estimate.effective_size == pytest.approx(200)
    assert effective_size(np.zeros(3)) == 0


def test_thin_overlap_is_refused() -> None:
    r = np.ones(1000)
    few = np.where(np.arange(1000) < 20, 50.0, 0.0)
    with pytest.raises(OverlapError, match="1000 impressions count as 20"):
        ips(r, few)
    one = np.ones(1000)
    one[0] = 120
    with pytest.raises(OverlapError, match="one impression carries 11%"):
        snips(r, one)


def test_mass_on_what_was_never_shown_is_refused() -> None:
    with pytest.raises(OverlapError, match=r"average 0\.50"):
        ips(np.ones(1000), np.full(1000, 0.5))
    with pytest.raises(OverlapError, match="place 2"):
        independent_ips(np.ones((1000, 2)), np.column_stack([np.ones(1000), np.full(1000, 0.5)]))


def test_impossible_propensities_are_named() -> None:
    with pytest.raises(ValueError, match=r"impression \[1\]: propensity 0"):
        importance_weights(np.array([0.5, 0.5]), np.array([0.5, 0.0]))
