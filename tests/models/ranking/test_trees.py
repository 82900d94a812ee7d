"""Trees: all of them for the best candidates, the first of them for the others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.ranking.trees import KEPT, TreeRanker

PEOPLE, CANDIDATES, FEATURES = 40, 300, 8


def draw(seed: int, candidates: int = CANDIDATES) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.random((PEOPLE, candidates, FEATURES), dtype=np.float32)


def worth(features: NDArray[np.float32]) -> NDArray[np.float32]:
    return features[:, :, 0] + features[:, :, 1] * features[:, :, 2]


@pytest.fixture(scope="module")
def ranker() -> TreeRanker:
    features = draw(0)
    labels = (worth(features) > 1.4).astype(np.float32)
    groups = np.full(PEOPLE, CANDIDATES)
    names = [f"f{column}" for column in range(FEATURES)]
    trees = TreeRanker(trees=60, leaves=8, seeds=2)
    return trees.fit(features.reshape(-1, FEATURES), labels.ravel(), groups, names)


def test_short_lists_are_scored_by_all_trees(ranker: TreeRanker) -> None:
    features = draw(1, 2 * KEPT)
    expected = ranker.score(features.reshape(-1, FEATURES)).reshape(features.shape[:2])
    found = ranker.score_lists(features, np.ones(features.shape[:2], dtype=bool))
    np.testing.assert_array_equal(found, expected)


def test_the_best_of_long_lists_are_scored_by_all_trees_and_stand_first(
    ranker: TreeRanker,
) -> None:
    features = draw(2)
    whole = ranker.score(features.reshape(-1, FEATURES)).reshape(features.shape[:2])
    found = ranker.score_lists(features, np.ones(features.shape[:2], dtype=bool))
    same = np.isclose(found, whole, rtol=1e-5, atol=1e-6)
    assert (same.sum(axis=1) >= KEPT).all()
    best = np.argsort(-whole, axis=1)[:, :10]
    listed = np.argsort(-found, axis=1)[:, :10]
    shared = [len(set(one) & set(two)) for one, two in zip(best, listed, strict=True)]
    assert np.mean(shared) >= 9.5
    assert np.take_along_axis(same, listed, axis=1).all()


def test_padding_takes_no_place_of_a_candidate(ranker: TreeRanker) -> None:
    features = draw(3)
    features[:, 150:] = features[:, [np.argmax(worth(features[:1])[0])]]  # what the trees like best
    real = np.arange(CANDIDATES) < 150
    found = ranker.score_lists(features, np.broadcast_to(real, (PEOPLE, CANDIDATES)))
    alone = ranker.score_lists(features[:, :150], np.ones((PEOPLE, 150), dtype=bool))
    best, expected = -np.sort(-found[:, :150])[:, :10], -np.sort(-alone)[:, :10]
    np.testing.assert_allclose(best, expected, rtol=1e-6)
