from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evaluation import significance
from evaluation.significance import (
    bootstrap_means,
    effect_interval,
    holm,
    interval,
    paired_effect,
    randomisation_test,
)


@pytest.fixture
def values() -> np.ndarray:
    rng = np.random.default_rng(0)
    table = rng.exponential(size=(500, 3)) - [1.0, 0.9, 1.2]
    table[:200, 2] = np.nan
    return table


def test_randomisation_agrees_with_scipy(values: np.ndarray) -> None:
    ours = randomisation_test(values, draws=20_000)
    for column, p in enumerate(ours):
        sample = values[~np.isnan(values[:, column]), column]
        theirs = stats.permutation_test(
            (sample,), np.mean, permutation_type="samples", n_resamples=20_000, rng=1
        )
        assert p == pytest.approx(theirs.pvalue, abs=0.02)


def test_randomisation_is_exact_on_few_values() -> None:
    # all 2^4 assignments: only all plus and all minus reach the sum
    p = randomisation_test(np.array([[1.0], [1.0], [1.0], [1.0]]), draws=50_000)
    assert p[0] == pytest.approx(2 / 16, abs=0.01)
    assert randomisation_test(np.zeros((5, 1)))[0] == 1


def test_intervals_agree_with_scipy(values: np.ndarray) -> None:
    low, high = interval(bootstrap_means(values, draws=5000))
    for column in range(3):
        sample = values[~np.isnan(values[:, column]), column]
        theirs = stats.bootstrap((sample,), np.mean, method="percentile", n_resamples=5000, rng=1)
        assert low[column] == pytest.approx(theirs.confidence_interval.low, abs=0.02)
        assert high[column] == pytest.approx(theirs.confidence_interval.high, abs=0.02)


def test_interval_covers_the_mean_in_about_95_percent() -> None:
    rng = np.random.default_rng(1)
    samples = rng.exponential(size=(300, 400))
    low, high = interval(bootstrap_means(samples, draws=1000))
    assert 0.92 < np.mean((low < 1) & (high > 1)) < 0.98


def test_columns_share_their_resamples() -> None:
    column = np.random.default_rng(2).normal(size=(50, 1))
    means = bootstrap_means(np.hstack([column, column]), draws=20)
    np.testing.assert_array_equal(means[:, 0], means[:, 1])


def test_blocks_do_not_bias(values: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(significance, "_CELLS", 1100)
    assert bootstrap_means(values, draws=7).shape == (7, 3)
    np.testing.assert_allclose(
        bootstrap_means(values, draws=3000).mean(axis=0), np.nanmean(values, axis=0), atol=0.01
    )


def test_holm_known_answer() -> None:
    # Holm (1979): 0.01 x 4, 0.02 x 3, then never below the one before
    adjusted = holm(np.array([0.02, 0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(adjusted, [0.06, 0.04, np.nan, 0.06, 0.06])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_effect_is_in_standard_deviations(values: np.ndarray) -> None:
    expected = np.nanmean(values, axis=0) / np.nanstd(values, axis=0, ddof=1)
    np.testing.assert_allclose(paired_effect(values), expected)
    assert paired_effect(np.zeros((4, 1)))[0] == 0


def test_effect_interval_agrees_with_the_noncentral_t() -> None:
    n = 150
    for effect in (-0.3, 0.0, 0.5):
        low, high = effect_interval(np.array([effect]), np.array([n]))
        # the borders are the effects of which this one is the 97.5% and the 2.5% quantile
        t = effect * np.sqrt(n)
        assert stats.nct.cdf(t, n - 1, low[0] * np.sqrt(n)) == pytest.approx(0.975, abs=0.005)
        assert stats.nct.cdf(t, n - 1, high[0] * np.sqrt(n)) == pytest.approx(0.025, abs=0.005)
