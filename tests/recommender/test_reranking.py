"""Reranking: the order at one end, diversity at the other, and the caps between."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.reranking import rerank

MANY = settings(max_examples=100, deadline=None)


def lists(
    seed: int, B: int = 4, C: int = 12, D: int = 5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(B, C)).astype(np.float32)
    scores[rng.random((B, C)) < 0.3] = -np.inf
    vectors = rng.normal(size=(B, C, D)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return scores, vectors, rng.integers(-1, 3, (B, C)).astype(np.int32)


@MANY
@given(st.integers(0, 2**32 - 1), st.integers(1, 15))
def test_relevance_alone_keeps_the_order_of_the_scores(seed: int, k: int) -> None:
    scores, vectors, providers = lists(seed)
    chosen = rerank(scores, vectors, providers, k)
    for row in range(len(scores)):
        order = [c for c in np.argsort(-scores[row], kind="stable") if np.isfinite(scores[row, c])]
        assert [c for c in chosen[row] if c >= 0] == order[: min(k, 12)]


@MANY
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.sampled_from([None, 1, 2]))
def test_a_list_holds_each_candidate_once_and_no_padding_between(
    seed: int, weight: float, cap: int | None
) -> None:
    scores, vectors, providers = lists(seed)
    chosen = rerank(scores, vectors, providers, 6, relevance_weight=weight, provider_cap=cap)
    for row, columns in enumerate(chosen):
        filled = columns[columns >= 0]
        assert len(set(filled)) == len(filled)
        assert (columns[len(filled) :] == -1).all()
        assert np.isfinite(scores[row, filled]).all()
        if cap is not None:
            known = providers[row, filled]
            counts = np.bincount(known[known >= 0], minlength=1)
            assert counts.max(initial=0) <= cap


@MANY
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_batch_equals_single(seed: int, weight: float) -> None:
    scores, vectors, providers = lists(seed)
    whole = rerank(scores, vectors, providers, 5, relevance_weight=weight, provider_cap=2)
    for row in range(len(scores)):
        part = slice(row, row + 1)
        alone = rerank(
            scores[part], vectors[part], providers[part], 5, relevance_weight=weight, provider_cap=2
        )
        assert np.array_equal(alone[0], whole[row])


def test_a_near_copy_of_the_best_gives_way_to_something_else() -> None:
    vectors = np.array([[[1, 0], [1, 0.01], [0, 1]]], dtype=np.float32)
    scores = np.array([[1.0, 0.95, 0.5]], dtype=np.float32)
    providers = np.array([[0, 1, 2]], dtype=np.int32)
    assert rerank(scores, vectors, providers, 2)[0].tolist() == [0, 1]
    assert rerank(scores, vectors, providers, 2, relevance_weight=0.5)[0].tolist() == [0, 2]
