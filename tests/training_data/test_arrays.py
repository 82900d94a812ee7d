"""Rows of sparse matrices as arrays, against SciPy's own indexing."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training_data.arrays import MAX_SORTED_CELLS, build_ones, densify, pad_rows, sum_at, take_rows


@pytest.mark.parametrize("count", [0, 1, MAX_SORTED_CELLS, 3 * MAX_SORTED_CELLS])
def test_ones_stand_once_where_they_are_asked_for(count: int) -> None:
    rng = np.random.default_rng(count)
    rows, columns = rng.integers(0, 50, count), rng.integers(-1, 40, count)
    expected = np.zeros((50, 40), dtype=np.float32)
    expected[rows[columns >= 0], columns[columns >= 0]] = 1
    found = build_ones(rows, columns, (50, 40))
    assert np.array_equal(found.toarray(), expected)
    assert found.has_canonical_format


@pytest.mark.parametrize("count", [0, 1, MAX_SORTED_CELLS, 3 * MAX_SORTED_CELLS])
def test_values_at_one_place_are_added_up(count: int) -> None:
    rng = np.random.default_rng(count)
    rows, columns = rng.integers(0, 50, count), rng.integers(0, 40, count)
    values = rng.random(count, dtype=np.float32)
    expected = np.zeros((50, 40), dtype=np.float32)
    np.add.at(expected, (rows, columns), values)
    found = sum_at(rows, columns, values, (50, 40))
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-5)
    assert found.has_canonical_format


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rows_are_those_of_the_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = sp.random(6, 9, density=rng.uniform(0, 0.6), format="csr", rng=rng, dtype=np.float32)
    rows = rng.integers(0, 6, rng.integers(0, 8))
    full = matrix.toarray()
    assert np.array_equal(take_rows(matrix, rows).toarray(), full[rows])
    assert np.array_equal(densify(matrix), np.pad(full, ((0, 0), (0, 1))))
    for row, columns in zip(rows, pad_rows(matrix, rows), strict=True):
        assert set(columns[columns >= 0]) == set(np.flatnonzero(full[row]))


def test_a_negative_number_is_an_empty_row() -> None:
    matrix = sp.csr_matrix(np.eye(3, dtype=np.float32))
    assert take_rows(matrix, np.array([2, -1, 0])).toarray().tolist() == [
        [0, 0, 1],
        [0] * 3,
        [1, 0, 0],
    ]
