"""Reranking: the order at one end, diversity and wished topics at the other, and the bounds between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.beyond_accuracy import calibration
from recommender.reranking.greedy import Bounds, Topics, rerank

MANY = settings(max_examples=100, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def lists(seed: int, B: int = 4, C: int = 12, D: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(B, C)).astype(np.float32)
    scores[rng.random((B, C)) < 0.3] = -np.inf
    vectors = rng.normal(size=(B, C, D)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return scores, vectors


def reranked(scores: np.ndarray, vectors: np.ndarray, k: int, **options: Any) -> np.ndarray:
    """Rerank candidates whose vectors (B, C, D) stand in a table, the last first."""
    table = np.ascontiguousarray(vectors.reshape(-1, vectors.shape[2])[::-1])
    courses = np.arange(len(table), dtype=np.int32)[::-1].reshape(scores.shape)
    return rerank(scores, np.ascontiguousarray(courses), table, k, **options)


def bounds(seed: int, cap: int | None, floor: int = 0, by: int = 6) -> Bounds:
    rng = np.random.default_rng(seed)
    providers = rng.integers(-1, 5, (4, 12)).astype(np.int32)
    return Bounds(providers, providers >= 3, cap, floor, by)


def topics(seed: int) -> Topics:
    rng = np.random.default_rng(seed)
    wished = rng.dirichlet(np.full(3, 0.5), 4).astype(np.float32)
    wished[0] = 0
    return Topics(rng.integers(-1, 3, (4, 12)).astype(np.int32), wished)


def part_of(all_: Topics | Bounds, part: slice) -> Topics | Bounds:
    cut = {
        name: value[part] if isinstance(value, np.ndarray) else value
        for name, value in vars(all_).items()
    }
    return type(all_)(**cut)


@MANY
@given(seeds, st.integers(1, 15))
def test_relevance_alone_keeps_the_order_of_the_scores(seed: int, k: int) -> None:
    scores, vectors = lists(seed)
    chosen = reranked(scores, vectors, k)
    for row in range(len(scores)):
        order = [c for c in np.argsort(-scores[row], kind="stable") if np.isfinite(scores[row, c])]
        assert [c for c in chosen[row] if c >= 0] == order[: min(k, 12)]


@MANY
@given(seeds, st.floats(0, 1), st.floats(0, 2), st.sampled_from([None, 1, 2]), st.integers(0, 4))
def test_a_list_holds_each_candidate_once_and_keeps_to_its_bounds(
    seed: int, weight: float, calibrating: float, cap: int | None, floor: int
) -> None:
    scores, vectors = lists(seed)
    held = bounds(seed, cap, floor)
    chosen = reranked(
        scores,
        vectors,
        6,
        relevance_weight=weight,
        calibration_weight=calibrating,
        topics=topics(seed),
        bounds=held,
    )
    for row, columns in enumerate(chosen):
        filled = columns[columns >= 0]
        assert len(set(filled)) == len(filled)
        assert (columns[len(filled) :] == -1).all()
        assert np.isfinite(scores[row, filled]).all()
        known = held.providers[row, filled]
        if cap is not None:
            assert np.bincount(known[known >= 0], minlength=1).max(initial=0) <= cap
        there = held.providers[row][held.small[row] & np.isfinite(scores[row])]
        within_cap = np.minimum(np.bincount(there, minlength=5), cap or 12).sum()
        assert held.small[row, filled].sum() >= min(floor, within_cap)


@MANY
@given(seeds, st.floats(0.1, 0.9), st.floats(0, 2))
def test_batch_equals_single(seed: int, weight: float, calibrating: float) -> None:
    scores, vectors = lists(seed)
    options = {"relevance_weight": weight, "calibration_weight": calibrating}
    wished, held = topics(seed), bounds(seed, 2, 2)
    whole = reranked(scores, vectors, 5, **options, topics=wished, bounds=held)
    for row in range(len(scores)):
        one = slice(row, row + 1)
        alone = reranked(
            scores[one],
            vectors[one],
            5,
            **options,
            topics=part_of(wished, one),
            bounds=part_of(held, one),
        )
        assert np.array_equal(alone[0], whole[row])


def test_a_near_copy_of_the_best_gives_way_to_something_else() -> None:
    vectors = np.array([[[1, 0], [1, 0.01], [0, 1]]], dtype=np.float32)
    scores = np.array([[1.0, 0.95, 0.5]], dtype=np.float32)
    assert reranked(scores, vectors, 2)[0].tolist() == [0, 1]
    assert reranked(scores, vectors, 2, relevance_weight=0.5)[0].tolist() == [0, 2]


def test_topics_come_as_they_are_wished() -> None:
    """Three wishes in five for the first topic, two for the second; the scores know the first only."""
    scores = np.linspace(2, 1, 10, dtype=np.float32)[None]
    of = np.array([[0] * 5 + [1] * 5], dtype=np.int32)
    wished = Topics(of, np.array([[0.6, 0.4]], dtype=np.float32))
    vectors = np.zeros((1, 10, 2), dtype=np.float32)
    plain = reranked(scores, vectors, 5, topics=wished)
    assert of[0, plain[0]].tolist() == [0] * 5
    calibrated = reranked(scores, vectors, 5, calibration_weight=50.0, topics=wished)
    assert np.bincount(of[0, calibrated[0]]).tolist() == [3, 2]
    assert calibrated[0].tolist()[0] == 0  # the best of the topic that is wished most


@MANY
@given(seeds)
def test_the_first_step_takes_the_least_divergence_as_the_metric_measures_it(seed: int) -> None:
    wished = topics(seed)
    scores = np.zeros((4, 12), dtype=np.float32)
    vectors = np.zeros((4, 12, 2), dtype=np.float32)
    chosen = reranked(scores, vectors, 1, calibration_weight=1.0, topics=wished)[:, 0]
    for row in range(1, 4):
        of = np.eye(4)[wished.of[row]]  # the last for none
        profile = np.append(wished.wished[row], 0)
        each = calibration(np.arange(12, dtype=np.int32)[:, None], of, np.tile(profile, (12, 1)))
        assert each[chosen[row]] == pytest.approx(each.min(), abs=1e-4)


def test_who_wishes_nothing_known_is_left_as_ranked() -> None:
    scores, vectors = lists(3)
    nothing = Topics(topics(3).of, np.zeros((4, 3), dtype=np.float32))
    calibrated = reranked(scores, vectors, 6, calibration_weight=1.0, topics=nothing)
    assert np.array_equal(calibrated, reranked(scores, vectors, 6))


def test_a_floor_takes_the_last_places_only() -> None:
    scores = np.arange(10, 0, -1, dtype=np.float32)[None]
    providers = np.array([[0] * 6 + [1, 1, 2, 3]], dtype=np.int32)
    vectors = np.zeros((1, 10, 2), dtype=np.float32)
    held = Bounds(providers, providers > 0, None, 2, 4)
    assert reranked(scores, vectors, 5, bounds=held)[0].tolist() == [0, 1, 6, 7, 2]
    capped = Bounds(providers, providers > 0, 1, 2, 3)
    assert reranked(scores, vectors, 5, bounds=capped)[0].tolist() == [0, 6, 8, 9, -1]


@MANY
@given(seeds, st.floats(0.1, 1), st.floats(0, 2))
def test_each_place_goes_to_who_adds_most(seed: int, weight: float, calibrating: float) -> None:
    scores, vectors = lists(seed)
    wished = topics(seed)
    chosen = reranked(
        scores,
        vectors,
        6,
        relevance_weight=weight,
        calibration_weight=calibrating,
        topics=wished,
    )
    for row, places in enumerate(chosen.tolist()):
        there = np.isfinite(scores[row])
        low, high = scores[row][there].min(initial=np.inf), scores[row][there].max(initial=-np.inf)
        relevance = (scores[row] - low) / ((high - low) or 1)
        taken: list[int] = []
        for place in [place for place in places if place >= 0]:
            left = [c for c in np.flatnonzero(there) if c not in taken]
            gains = {
                c: weight * relevance[c]
                - (1 - weight) * max([0.0, *(vectors[row, taken] @ vectors[row, c])])
                - calibrating * divergence(wished, row, [*taken, c])
                for c in left
            }
            assert gains[place] == pytest.approx(max(gains.values()), abs=1e-4)
            taken.append(place)


def divergence(topics: Topics, row: int, chosen: list[int]) -> float:
    wished = np.append(topics.wished[row], 0)
    counts = np.bincount(topics.of[row, chosen] % len(wished), minlength=len(wished))
    listed = 0.99 * counts / len(chosen) + 0.01 * wished
    known = wished > 0
    return float((wished[known] * np.log(wished[known] / listed[known])).sum())
