"""The additive ranker: its curves against the trees that they were made from."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from models.ranking import additive as additive_ranker
from models.ranking.additive import AdditiveRanker

NAMES = ["linear", "hill", "idle", "stairs"]


@pytest.fixture(scope="module")
def pairs() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4_000, 4)).astype(np.float32)
    features[:, 3] = rng.integers(0, 3, 4_000)
    fit = features[:, 0] - features[:, 1] ** 2 + features[:, 3]
    labels = (fit + rng.normal(scale=0.3, size=4_000) > 1).astype(np.float32)
    return features, labels, np.full(200, 20)


def test_the_curves_say_what_the_trees_say(
    pairs: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[lightgbm.Booster] = []
    learn = lightgbm.train

    def keeping(*asked: object, **named: object) -> lightgbm.Booster:
        kept.append(learn(*asked, **named))
        return kept[-1]

    monkeypatch.setattr(additive_ranker.lightgbm, "train", keeping)
    features, labels, groups = pairs
    ranker = AdditiveRanker(trees=60, min_leaf=20).fit(features, labels, groups, NAMES)
    at_steps = np.stack(
        [
            np.resize(curve.steps, 500) if len(curve.steps) else np.zeros(500)
            for curve in ranker.curves_.curves
        ],
        1,
    )
    asked = np.concatenate([features, at_steps.astype(np.float32), np.zeros((1, 4), np.float32)])
    by_trees = kept[0].predict(asked)
    difference = ranker.score(asked) - by_trees
    np.testing.assert_allclose(difference, difference[0], atol=1e-4)
    moved = kept[0].predict(features, pred_contrib=True)[:, :-1]
    mine = ranker.contributions(features)
    np.testing.assert_allclose(mine - mine.mean(0), moved - moved.mean(0), atol=1e-3)


def test_it_learns_and_is_kept(
    pairs: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]], tmp_path: Path
) -> None:
    features, labels, groups = pairs
    ranker = AdditiveRanker(trees=60, min_leaf=20).fit(features, labels, groups, NAMES)
    score = ranker.score(features)
    assert score[labels == 1].mean() > score[labels == 0].mean()
    curve = dict(zip(NAMES, ranker.contributions(features).T, strict=True))
    assert np.corrcoef(curve["hill"], -np.abs(features[:, 1]))[0, 1] > 0.9
    assert np.ptp(curve["idle"]) < 0.2 * np.ptp(curve["linear"])
    ranker.save(tmp_path)
    assert AdditiveRanker.load(tmp_path).score(features).tolist() == score.tolist()
