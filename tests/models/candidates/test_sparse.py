"""Weighted sums of rows against SciPy's product of matrices."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from models.candidates.sparse import means_of_rows, sums_of_rows


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(1, 6), st.integers(0, 7))
def test_sums_are_those_of_a_product(seed: int, people: int, rows: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    weights = sp.random_array((people, rows), density=0.5, rng=rng, format="csr", dtype=np.float32)
    table = sp.random_array((rows, width), density=0.5, rng=rng, format="csr", dtype=np.float32)
    cells = weights.indptr, weights.indices, weights.data
    expected = (weights @ table).toarray()
    for form in (table, table.toarray(), np.asfortranarray(table.toarray())):
        assert np.allclose(sums_of_rows(*cells, form), expected, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6), st.integers(0, 7))
def test_some_sums_and_means_are_rows_of_all(seed: int, people: int, rows: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    weights = sp.random_array((people, rows), density=0.4, rng=rng, format="csr", dtype=np.float32)
    table, otherwise = rng.random((rows, width), np.float32), rng.random(width, np.float32)
    some = rng.integers(0, people, 4)
    cells = weights.indptr, weights.indices, weights.data
    sums = (weights @ table)[some]
    assert np.allclose(sums_of_rows(*cells, table, some), sums, atol=1e-6)
    known = weights.sum(axis=1)[some, None]
    expected = np.where(known > 0, sums / np.maximum(known, 1), otherwise)
    assert np.allclose(means_of_rows(weights, table, otherwise, some), expected, atol=1e-6)


def test_a_row_that_is_none_adds_nothing() -> None:
    cells = np.array([0, 2]), np.array([-1, 1]), np.array([5.0, 2.0])
    for table in (np.eye(2, dtype=np.float32), sp.csr_array(np.eye(2, dtype=np.float32))):
        assert sums_of_rows(*cells, table).tolist() == [[0, 2]]
