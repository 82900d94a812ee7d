from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from evaluation import beyond_accuracy
from evaluation.metrics import Truth


def test_coverage_and_gini() -> None:
    ranked = np.array([[0, 1], [0, -1], [0, 1]])
    assert beyond_accuracy.coverage(ranked, 4) == 0.5
    counts = np.array([3, 2, 0, 0])
    pairs = np.abs(counts[:, None] - counts).sum() / (2 * 16 * counts.mean())
    assert beyond_accuracy.gini(ranked, 4) == pytest.approx(pairs)
    assert beyond_accuracy.gini_coefficient([5, 5, 5]) == pytest.approx(0)
    assert np.isnan(beyond_accuracy.gini_coefficient([0, 0]))


def test_provider_exposure_is_weighted_by_place() -> None:
    share = beyond_accuracy.provider_exposure(
        np.array([[0, 1, -1], [2, 0, 1]]), np.array([0, 1, 1]), 3
    )
    second, third = 1 / np.log2(3), 0.5
    raw = np.array([1 + second, second + 1 + third, 0])
    np.testing.assert_allclose(share, raw / raw.sum())


def test_novelty_counts_bits() -> None:
    value = beyond_accuracy.novelty(np.array([[0, 1], [2, -1], [-1, -1]]), np.array([8, 4, 0]), 8)
    np.testing.assert_allclose(value, [0.5, 3.0, np.nan])


def test_serendipity_wants_relevant_and_unexpected() -> None:
    ranked = np.array([[0, 1, 2, 3]])
    truth = Truth.from_events([0, 0], [0, 3], 1)
    assert beyond_accuracy.serendipity(ranked, truth, np.array([0, 1]))[0] == 0.25
    assert beyond_accuracy.serendipity(ranked, truth, np.array([[0, 3]]))[0] == 0


def test_diversity_agrees_with_pairwise_cosines() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 6))
    ranked = np.argsort(rng.random((50, 20)), axis=1)[:, :5]
    ranked[0, 3:] = -1
    ranked[1, 1:] = -1
    value = beyond_accuracy.intra_list_diversity(ranked, vectors)
    for row, found in zip(ranked, value, strict=True):
        listed = row[row >= 0]
        upper = cosine_similarity(vectors[listed])[np.triu_indices(len(listed), 1)]
        assert found == pytest.approx(
            1 - upper.mean() if len(listed) > 1 else np.nan, nan_ok=True, abs=1e-6
        )


def test_calibration_is_zero_for_the_same_topics_and_grows() -> None:
    topics = np.eye(3)
    profiles = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 0], [0, 0, 1]])
    ranked = np.array([[0, 1], [0, 0], [0, 1], [0, -1]])
    value = beyond_accuracy.calibration(ranked, topics, profiles)
    assert value[0] == pytest.approx(0)
    q = 0.99 * np.array([1.0, 0]) + 0.01 * 0.5
    assert value[1] == pytest.approx((0.5 * np.log(0.5 / q)).sum())
    assert np.isnan(value[2])
    assert value[3] == pytest.approx(np.log(1 / 0.01))


def test_violations_count_refused_and_repeated() -> None:
    permitted = np.array([[True, False, True], [True, True, True]])
    ranked = np.array([[0, 1, -1], [2, 2, 2]])
    assert beyond_accuracy.constraint_violations(ranked, permitted).tolist() == [1, 2]


def test_balance_regret_skips_what_does_not_fit() -> None:
    prices = np.array([60, 70, 30, 0])
    ranked = np.array([[0, 1, 2], [1, -1, -1], [3, -1, -1], [0, -1, -1]])
    balances = np.array([100, 100, 0, 100])
    lost = beyond_accuracy.balance_regret(ranked, prices, balances)
    np.testing.assert_allclose(lost, [0.1, 0.3, np.nan, 0.4])
    lost = beyond_accuracy.balance_regret(ranked, prices, balances, np.array([90, 100, 0, 100]))
    np.testing.assert_allclose(lost, [0.0, 0.3, np.nan, 0.4])
