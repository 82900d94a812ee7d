"""Step curves against a binary search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ranking.step_curves import StepCurve


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 300), st.sampled_from((0.0, 1e-6, 1.0, 3.0, 40.0)))
def test_the_grid_finds_what_a_binary_search_finds(seed: int, count: int, power: float) -> None:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=count) * np.abs(rng.normal(size=count)) ** power
    steps = np.unique(drawn.astype(np.float32))
    steps = steps[np.isfinite(steps)]
    heights = rng.normal(size=len(steps) + 1).astype(np.float32)
    near = [np.nextafter(steps, np.float32(side)) for side in (-np.inf, np.inf)]
    values = np.concatenate([steps, *near, rng.normal(size=800).astype(np.float32)])
    expected = heights[np.searchsorted(steps, values)]
    assert np.array_equal(StepCurve(steps, heights)(values), expected)


def test_steps_too_close_for_the_grid_are_told_apart() -> None:
    one = np.float32(1)
    steps = np.array([one, np.nextafter(one, np.float32(2)), 1e6], dtype=np.float32)
    curve = StepCurve(steps, np.arange(4, dtype=np.float32))
    assert curve(steps).tolist() == [0, 1, 2]
    assert curve(np.array([0, 2e6], dtype=np.float32)).tolist() == [0, 3]


def test_centring_moves_the_mean_to_nought() -> None:
    curve = StepCurve(np.array([0], np.float32), np.array([1, 5], np.float32))
    values = np.array([-1, -1, -1, 1], dtype=np.float32)
    assert curve.centre(values)(values).mean() == pytest.approx(0)


def test_a_missing_value_is_as_the_lowest() -> None:
    curve = StepCurve(np.array([0, 1], np.float32), np.array([7, 8, 9], np.float32))
    assert curve(np.array([np.nan, -1, 2], np.float32)).tolist() == [7, 7, 9]
