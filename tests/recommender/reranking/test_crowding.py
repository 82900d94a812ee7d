"""Lists that know the seats: lower where it is crowded, as they were at weight 0, and less crowded together."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue.seats import Seats, read_seats
from recommender.reranking.crowding import lower_crowded, measure_crowding
from recommender.settings import Crowding, SlateSettings

MANY = settings(max_examples=80, deadline=None)
seeds = st.integers(0, 2**32 - 1)
weights = st.sampled_from([0.0, 0.3, 1.0])
kinds = st.sampled_from(["price", "chance"])


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, Seats]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    scores = rng.normal(0, 3, (5, 6)).astype(np.float32)
    courses = rng.integers(0, count, (5, 6)).astype(np.int32)
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    courses[~np.isfinite(scores)] = -1
    price = np.where(rng.random(count) < 0.5, 0, rng.random(count)).astype(np.float32)
    return scores, courses, Seats(price, rng.random(count).astype(np.float32))


@MANY
@given(seeds, weights, kinds)
def test_what_is_crowded_stands_lower_and_nothing_else_moves(
    seed: int, weight: float, kind: Crowding
) -> None:
    scores, courses, seats = draw(seed)
    asked = SlateSettings(crowding_weight=weight, crowding=kind)
    lowered = lower_crowded(scores, courses, seats, asked)
    real = np.isfinite(scores)
    assert (np.isfinite(lowered) == real).all()
    assert (lowered <= scores + 1e-5).all()
    free = seats.price[courses] == 0 if kind == "price" else seats.chance[courses] == 1
    assert np.allclose(lowered[real & free], scores[real & free], atol=1e-5)
    if weight == 0:
        assert np.allclose(lowered[real], scores[real], atol=1e-5)
    for row in range(len(scores)):
        mine = np.flatnonzero(real[row])
        if not len(mine):
            continue
        span = scores[row, mine].max() - scores[row, mine].min()
        for place in mine:
            course = courses[row, place]
            least = scores[row, mine].min()
            expected = (
                scores[row, place] - weight * span * seats.price[course]
                if kind == "price"
                else least
                + (scores[row, place] - least) * (1 - weight + weight * seats.chance[course])
            )
            assert lowered[row, place] == pytest.approx(expected, abs=1e-4)


def test_a_training_is_as_dear_as_its_cheapest_class() -> None:
    courses = pl.DataFrame({"course_id": ["b", "a", "c"]})
    classes = pl.DataFrame({"class_id": ["1", "2", "3", "4"], "course_id": ["a", "a", "b", "gone"]})
    told = pl.DataFrame(
        {
            "class_id": ["1", "2", "3"],
            "seats": [10, 5, 2],
            "taken": [10, 5, 2],
            "price": [0.4, 0.25, 0.5],
            "wished": [40, 10, 0],
        }
    )
    seats = read_seats(courses, classes, told)
    assert seats.price.tolist() == pytest.approx([0.5, 0.25, 0.0])
    assert seats.chance.tolist() == pytest.approx([1.0, 0.5, 1.0])
    # a class of which nothing was told has room
    seats = read_seats(courses, classes, told[:1])
    assert seats.price.tolist() == [0.0, 0.0, 0.0]


def test_crowding_is_the_share_of_lists_for_each_seat() -> None:
    listed = np.array([[0, 1], [0, -1], [0, 2], [1, -1]])
    mean, most = measure_crowding(listed, np.array([2, 1, 4, 9]))
    ratios = {0: 3 / 4 / 2, 1: 2 / 4 / 1, 2: 1 / 4 / 4}
    assert most == max(ratios.values())
    assert mean == pytest.approx((3 * ratios[0] + 2 * ratios[1] + ratios[2]) / 6)
    assert measure_crowding(np.full((2, 2), -1), np.array([1])) == (0.0, 0.0)
