"""What is asked of pairs of rows, against its definition in NumPy and plain Python."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kernels.pairs import heaviest, leading

MANY = settings(max_examples=150, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def starts_of(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)


@MANY
@given(seeds, st.integers(0, 6), st.integers(1, 4))
def test_the_heaviest_come_first_and_the_first_of_equals(seed: int, width: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.integers(0, 3, size=(4, 8)).astype(np.float32)
    weights, left_out = sp.csr_matrix(dense), sp.csr_matrix(rng.integers(0, 2, size=(4, 8)))
    sets = np.array([rng.permutation(8)[:width] for _ in range(5)], dtype=np.int32)
    sets[rng.random(sets.shape) < 0.3] = -1
    rows = rng.integers(0, 4, size=9)
    b = rng.integers(0, 5, size=9).astype(np.int32)
    parts = weights.indptr, weights.indices, weights.data, left_out.indptr, left_out.indices
    counts = np.where(left_out.toarray() > 0, 0, dense)
    for row, other, best in zip(rows, b, heaviest(*parts, rows, sets, b, most), strict=True):
        there = [column for column in sets[other] if column >= 0 and counts[row, column] > 0]
        expected = sorted(there, key=lambda column: -counts[row, column])[:most]
        assert best.tolist() == expected + [-1] * (most - len(expected))


@MANY
@given(seeds, st.integers(1, 4), st.integers(0, 7))
def test_leading_columns_are_of_different_kinds(seed: int, most: int, early: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(-2, 4, size=(6, 7)).astype(np.float32)
    kinds = rng.integers(0, 5, size=7).astype(np.int32)
    speaks = (rng.random((7, 6)) < 0.4).astype(np.uint8)

    def kept(row: int, columns: list[int]) -> list[int]:
        first: dict[int, int] = {}
        for column in columns:
            if speaks[column, row]:
                first.setdefault(int(kinds[column]), column)
        return list(first.values())[:most]

    for row, found in enumerate(leading(values, kinds, speaks, most, early)):
        order = [
            column for column in np.argsort(-values[row], kind="stable") if values[row, column] > 0
        ]
        expected = kept(row, order[:early]) or kept(row, order[early:])
        assert found.tolist() == expected + [-1] * (most - len(expected))
