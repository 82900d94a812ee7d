"""The linear ranker against scikit-learn: of two candidates, its choice is a logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.ranking.linear import LinearRanker


@pytest.mark.parametrize("l2", [0.3, 30.0])
def test_of_two_candidates_it_is_logistic_regression(l2: float) -> None:
    rng = np.random.default_rng(0)
    n, width = 400, 5
    table = rng.normal(size=(2 * n, width)).astype(np.float32)
    # standardised within a pair, every feature is 1 or -1
    signs = np.sign(table[::2] - table[1::2])
    first = rng.random(n) < 1 / (1 + np.exp(-2 * signs @ [1.0, -0.5, 0.2, 0.0, 0.7]))
    labels = np.column_stack([first, ~first]).astype(np.float32).ravel()
    groups = np.full(n, 2, dtype=np.int64)
    ranker = LinearRanker(l2=l2).fit(table, labels, groups)
    pairs = 2 * signs.astype(np.float64)  # in single precision the oracle stops too soon
    oracle = LogisticRegression(C=1 / l2, fit_intercept=False, tol=1e-10).fit(pairs, first)
    np.testing.assert_allclose(ranker.weights_, oracle.coef_[0], atol=1e-5)


def test_what_is_the_same_for_all_candidates_has_no_weight() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(60, 3)).astype(np.float32)
    table[:, 1] = np.repeat(rng.normal(size=20), 3)
    table[:, 2] = np.nan
    labels = np.tile([1, 0, 0], 20).astype(np.float32)
    ranker = LinearRanker().fit(table, labels, np.full(20, 3, dtype=np.int64))
    assert ranker.weights_[1:].tolist() == [0, 0]
    assert ranker.weights_[0] != 0
