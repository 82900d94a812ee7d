"""People who arrive day by day: within what is left, and near to what hindsight would have given."""

from __future__ import annotations

import numpy as np

from benchmarks.matching.run import measure_arrivals
from recommender.matching.arrivals import seat_day
from recommender.matching.problem import build_problem


def test_a_seat_is_kept_for_who_is_to_come_and_fits_better() -> None:
    seats = np.array([1])
    today = build_problem(np.array([0]), np.array([0]), np.array([0.4]), seats, 1)
    better = build_problem(np.array([0]), np.array([0]), np.array([0.9]), seats, 1)
    worse = build_problem(np.array([0]), np.array([0]), np.array([0.2]), seats, 1)
    assert seat_day(today, better).tolist() == [-1]
    assert seat_day(today, worse).tolist() == [0]


def test_foresight_comes_near_to_hindsight() -> None:
    found = measure_arrivals(1_500, 40, 15)
    assert found["foreseeing"] > 0.97
    assert found["foreseeing"] > found["greedy"]
