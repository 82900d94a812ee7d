"""Compiled loops against their definitions in NumPy and plain Python."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kernels.events import fading, last_of_each
from models.kernels.lists import columns_of, largest, propose
from models.kernels.masks import mark_entered
from models.kernels.shares import cells_of, shares, weighted_shares
from models.kernels.sums import best_of_rows

MANY = settings(max_examples=150, deadline=None)
seeds = st.integers(0, 2**32 - 1)
WIDTH = 7


def ragged(rng: np.random.Generator, rows: int, most: int = 4) -> np.ndarray:
    """Sets of different numbers below WIDTH, padded with -1."""
    sets = np.full((rows, most), -1, dtype=np.int32)
    for row in sets:
        size = rng.integers(0, most + 1)
        row[:size] = rng.permutation(WIDTH)[:size]
    return sets


def matrix(rng: np.random.Generator, rows: int) -> sp.csr_matrix:
    dense = rng.random((rows, WIDTH)) * (rng.random((rows, WIDTH)) < 0.4)
    return sp.csr_matrix(dense.astype(np.float32))


@MANY
@given(seeds, st.integers(1, 60), st.booleans())
def test_each_source_proposes_its_best_the_first_of_equals(
    seed: int, most: int, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(3, rng.integers(1, 900))).astype(np.float32)
    if ties:
        scores = np.round(scores, 1)
    mask = rng.random(scores.shape) < rng.random()
    starts, columns = columns_of(mask)
    proposed = np.zeros(len(columns), dtype=bool)
    count = propose(scores, starts, columns, most, proposed)
    expected = np.zeros(mask.shape, dtype=bool)
    for row, (said, allowed) in enumerate(zip(scores, mask, strict=True)):
        there = np.flatnonzero(allowed & (said > 0))
        expected[row, there[np.argsort(-said[there], kind="stable")][:most]] = True
    assert np.array_equal(proposed, expected[mask])
    assert count == expected.sum()


@MANY
@given(seeds, st.integers(1, 120), st.booleans())
def test_the_largest_are_all_that_are_not_below_the_border(
    seed: int, most: int, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(rng.integers(0, 4), rng.integers(1, 1500))).astype(np.float32)
    if ties:
        scores = np.round(scores, 1)
    starts, columns = largest(scores, most)
    for row, said in enumerate(scores):
        border = np.sort(said)[::-1][min(most, len(said)) - 1]
        expected = np.flatnonzero((said >= border) & (said > 0))
        assert np.array_equal(columns[starts[row] : starts[row + 1]], expected)


@MANY
@given(seeds)
def test_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 12, rng.integers(0, 6))
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    items = rng.integers(0, 6, indptr[-1]).astype(np.int32)
    starts, places = last_of_each(indptr, items)
    weights = fading(indptr, 0.9)
    for row, (first, end) in enumerate(pairwise(indptr)):
        last = {item: place for place, item in enumerate(items[first:end].tolist(), first)}
        expected = [last[item] for item in sorted(last)]
        assert places[starts[row] : starts[row + 1]].tolist() == expected
        np.testing.assert_allclose(weights[first:end][::-1], 0.9 ** np.arange(end - first), 1e-6)


@MANY
@given(seeds)
def test_shares_of_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    needs, held, sets = matrix(rng, 5), matrix(rng, 5), ragged(rng, 8)
    rows = rng.integers(0, 5, 3)
    items = rng.integers(0, 8, (3, 6)).astype(np.int32)
    gap, needed, owned, share = (np.full((3, 6), np.nan, dtype=np.float32) for _ in range(4))
    weighted_shares(
        needs.indptr,
        needs.indices,
        needs.data,
        held.indptr,
        held.indices,
        rows,
        WIDTH,
        sets,
        items,
        gap,
        needed,
        owned,
    )
    shares(held.indptr, held.indices, rows, WIDTH, sets, items, share)
    weight, has = needs.toarray(), held.toarray() > 0
    for (at, place), item in np.ndenumerate(items):
        row, some = rows[at], sets[item][sets[item] >= 0]
        lacking = np.where(has[row], 0, weight[row])
        count = max(len(some), 1)
        assert np.isclose(gap[at, place], lacking[some].sum() / max(lacking.sum(), 1e-6))
        assert np.isclose(needed[at, place], (weight[row, some] > 0).sum() / count)
        assert np.isclose(owned[at, place], has[row, some].sum() / count)
        assert share[at, place] == owned[at, place]


@MANY
@given(seeds)
def test_cells_of_items(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, rows = rng.random((3, WIDTH)).astype(np.float32), rng.integers(0, 3, 2)
    columns = rng.integers(-1, WIDTH, 9).astype(np.int32)
    items = rng.integers(0, 9, (2, 5)).astype(np.int32)
    found = np.empty((2, 5), dtype=np.float32)
    cells_of(values, rows, columns, items, found)
    expected = np.where(columns[items] >= 0, values[rows[:, None], columns[items]], 0)
    assert np.array_equal(found, expected)


@MANY
@given(seeds)
def test_the_best_of_rows_is_their_largest_less_what_is_not_wanted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = sp.random(6, WIDTH, 0.5, random_state=rng, dtype=np.float32).tocsr()
    weights.data = rng.choice(np.array([-1, -0.2, 0, 0.1, 1], np.float32), len(weights.data))
    table = rng.random((WIDTH, 9)).astype(np.float32)
    some = rng.permutation(6)[:4]
    best = np.empty((4, 9), dtype=np.float32)
    best_of_rows(weights.indptr, some, weights.indices, weights.data, [*table], best)
    for found, row in zip(best, some, strict=True):
        own = slice(*weights.indptr[row : row + 2])
        given, rows = weights.data[own], table[weights.indices[own]]
        most = given.max(initial=0)
        expected = np.zeros(9)
        if most > 0:
            wanted, unwanted = given > 0, given < 0
            expected = (rows[wanted] * (given[wanted] / most)[:, None]).max(axis=0, initial=0)
            expected *= (1 - rows[unwanted]).prod(axis=0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@MANY
@given(seeds)
def test_what_is_entered_is_near_and_not_closed_too_early(seed: int) -> None:
    rng = np.random.default_rng(seed)
    near = rng.random((3, 4)) < 0.5
    places, closes = rng.integers(0, 4, 8), rng.integers(0, 10, 8)
    columns, ready = rng.integers(0, WIDTH, 8).astype(np.int32), rng.integers(0, 10, 3)
    into = np.zeros((3, WIDTH), dtype=bool)
    mark_entered(near, places, closes, columns, ready, into)
    for row, marked in enumerate(into):
        expected = {
            column
            for place, last, column in zip(places, closes, columns, strict=True)
            if near[row, place] and last >= ready[row]
        }
        assert set(np.flatnonzero(marked)) == expected
