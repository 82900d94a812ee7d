"""The best k, against sorting in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.candidates import top_k as module
from models.candidates.top_k import top_k

# few different values, so that many are equal
VALUES = st.sampled_from([-math.inf, -2.5, -1e-30, -0.0, 0.0, 1e-30, 1.0, 1e30])
TABLES = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=VALUES
)


def reference(scores: np.ndarray, k: int, mask: np.ndarray) -> list[list[int]]:
    lists = []
    for row, permitted in zip(scores.tolist(), mask.tolist(), strict=True):
        known = [i for i, score in enumerate(row) if permitted[i] and score > -math.inf]
        best = sorted(known, key=lambda i: (-row[i], i))[:k]
        lists.append(best + [-1] * (k - len(best)))
    return lists


@pytest.mark.parametrize("cells", [1, 20, module.CELLS])
@given(scores=TABLES, k=st.integers(0, 12), data=st.data())
def test_sorted_by_score_then_by_id(
    cells: int, scores: np.ndarray, k: int, data: st.DataObject
) -> None:
    mask = data.draw(hnp.arrays(bool, scores.shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CELLS", cells)
        ids, best = top_k(scores, k, mask)
    assert ids.tolist() == reference(scores, k, mask)
    rows, places = np.nonzero(ids >= 0)
    np.testing.assert_array_equal(best[rows, places], scores[rows, ids[rows, places]])
    assert np.isneginf(best[ids < 0]).all()


@given(scores=TABLES, data=st.data())
def test_one_mask_for_all(scores: np.ndarray, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(bool, scores.shape[1]))
    ids, _ = top_k(scores, 4, mask)
    assert ids.tolist() == reference(scores, 4, np.repeat(mask[None], len(scores), axis=0))
