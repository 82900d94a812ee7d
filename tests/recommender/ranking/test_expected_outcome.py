"""Expected outcomes: a known answer, another's solver, and what the trainings' own figures say without pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from recommender.catalogue.quality import build_quality
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.features import FEATURES
from tests.recommender.worlds import table

COMPLETION, PLACEMENT = FEATURES.index("completion"), FEATURES.index("placement")
LEVEL_FIT, CONTENT = FEATURES.index("level_fit"), FEATURES.index("content")


def pairs(n: int, pull: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs whose log odds are the training's own plus ``pull`` times how well the level fits."""
    rng = np.random.default_rng(seed)
    features = rng.random((n, len(FEATURES)), dtype=np.float32)
    features[:, COMPLETION] = rng.uniform(0.5, 0.95, n)
    features[:, PLACEMENT] = 0.5
    rate = features[:, COMPLETION]
    odds = np.log(rate / (1 - rate)) + pull * (features[:, LEVEL_FIT] - 0.5)
    truth = 1 / (1 + np.exp(-odds))
    return features, rng.random(n) < truth, truth


def test_it_learns_for_whom_a_training_is_finished() -> None:
    features, finished, _ = pairs(6_000, pull=3.0)
    outcome = ExpectedOutcome.fit(features, finished)
    new, _, truth = pairs(4_000, pull=3.0, seed=1)
    expected = outcome.completion(new)
    assert np.corrcoef(expected, truth)[0, 1] > 0.95
    assert expected.mean() == pytest.approx(truth.mean(), abs=0.02)
    assert np.abs(outcome.weights).argmax() == LEVEL_FIT


def test_where_persons_make_no_difference_the_own_rates_stand() -> None:
    features, finished, _ = pairs(1_000, pull=0.0)
    outcome = ExpectedOutcome.fit(features, finished)
    assert np.abs(outcome.completion(features) - features[:, COMPLETION]).mean() < 0.03


def test_without_an_offset_it_is_the_logistic_regression_of_scikit_learn() -> None:
    features, finished, _ = pairs(2_000, pull=2.0)
    features[:, COMPLETION] = 0.5
    outcome = ExpectedOutcome.fit(features, finished, l2=5.0)
    scaled = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    varying = scaled.std(axis=0) > 1e-6
    scaled = scaled[:, varying] / scaled.std(axis=0)[varying]
    theirs = LogisticRegression(C=1 / 5.0, fit_intercept=False, tol=1e-8).fit(scaled, finished)
    np.testing.assert_allclose(
        outcome.completion(features), theirs.predict_proba(scaled)[:, 1], atol=1e-3
    )


def test_without_pairs_the_figures_of_the_trainings_speak_alone() -> None:
    quality = build_quality(
        table(
            "courses",
            [
                {"course_id": "often", "completion_rate": 0.9, "completion_count": 900},
                {"course_id": "seldom", "completion_rate": 0.3, "completion_count": 900},
                {
                    "course_id": "work",
                    "completion_rate": 0.9,
                    "completion_count": 900,
                    "placement_rate": 0.9,
                    "placement_count": 900,
                },
                {
                    "course_id": "no work",
                    "completion_rate": 0.9,
                    "completion_count": 900,
                    "placement_rate": 0.1,
                    "placement_count": 900,
                },
            ],
        )
    )
    features = np.random.default_rng(0).random((4, len(FEATURES)), dtype=np.float32)
    features[:, COMPLETION], features[:, PLACEMENT] = quality.completion, quality.placement
    outcome = ExpectedOutcome.of_rates(quality)
    often, seldom, work, no_work = outcome.score(features)
    assert work > often > seldom
    assert often > no_work
    np.testing.assert_allclose(
        outcome.score(features), quality.completion * quality.placement, rtol=1e-5
    )


def test_what_moved_an_outcome_is_told_alike_alone_and_among_others() -> None:
    features, finished, _ = pairs(2_000, pull=3.0)
    outcome = ExpectedOutcome.fit(features, finished)
    moved = outcome.contributions(features)
    np.testing.assert_allclose(moved[7:8], outcome.contributions(features[7:8]), rtol=1e-6)
    np.testing.assert_allclose(
        moved.sum(axis=1), outcome.score(features) - np.median(outcome.score(features)), atol=0.2
    )
    fitting = features[:, LEVEL_FIT] > outcome.centre[LEVEL_FIT]
    assert ((moved[:, LEVEL_FIT] > 0) == fitting).all()


def test_it_is_kept(tmp_path: Path) -> None:
    features, finished, _ = pairs(500, pull=1.0)
    outcome = ExpectedOutcome.fit(features, finished)
    outcome.save(tmp_path)
    again = ExpectedOutcome.load(tmp_path)
    assert again.score(features).tolist() == outcome.score(features).tolist()
