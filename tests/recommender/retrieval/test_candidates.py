"""Retrieval: the best of every source, only what is permitted, and nobody left short."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.retrieval.candidates import Candidates, retrieve


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_candidates_are_permitted_distinct_and_hold_the_best_of_each_source(
    seed: int, per_source: int
) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((5, 20)) < 0.5
    scores = {name: rng.normal(size=(5, 20)).astype(np.float32) for name in "ab"}
    found = retrieve(scores, mask, per_source)
    for row in range(5):
        ids = found.ids[row][found.ids[row] >= 0]
        assert len(set(ids)) == len(ids)
        assert mask[row, ids].all()
        assert len(ids) >= min(per_source, mask[row].sum())
        for source in scores.values():
            open_ = np.flatnonzero(mask[row] & (source[row] > 0))
            best = open_[np.argsort(-source[row, open_])][:per_source]
            assert set(best) <= set(ids)


def test_a_person_with_nothing_permitted_gets_an_empty_list() -> None:
    found = retrieve({"a": np.ones((1, 3), np.float32)}, np.zeros((1, 3), dtype=bool), 2)
    assert found.ids.shape == (1, 0)


def test_of_equal_scores_the_first_in_the_catalogue_are_proposed() -> None:
    scores = {"a": np.array([[1, 2, 1, 1, 0]], np.float32)}
    found = retrieve(scores, np.array([[False, True, True, True, True]]), 2)
    assert found.ids.tolist() == [[1, 2]]
    assert found.proposed == {"a": 2}


def test_what_nobody_speaks_for_fills_a_short_list() -> None:
    scores = {"a": np.array([[-np.inf, 0, -1, 3]], np.float32)}
    found = retrieve(scores, np.array([[True, False, True, True]]), 2)
    assert found.ids.tolist() == [[0, 3]]
    assert found.scores["a"].tolist() == [[0, 3]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_parts_joined_are_the_whole(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((7, 20)) < rng.random((7, 1))
    scores = {name: rng.normal(size=(7, 20)).astype(np.float32) for name in "ab"}
    whole = retrieve(scores, mask, 3)
    parts = [
        retrieve({name: some[rows] for name, some in scores.items()}, mask[rows], 3)
        for rows in (slice(first, first + size) for first in range(0, 7, size))
    ]
    joined = Candidates.join(parts)
    np.testing.assert_array_equal(joined.ids, whole.ids)
    assert joined.proposed == whole.proposed
    for name in "ab":
        np.testing.assert_array_equal(joined.scores[name], whole.scores[name])
