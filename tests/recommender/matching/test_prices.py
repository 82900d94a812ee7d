"""What a seat is worth: to the tier that it is worth most to, in fit, whoever had the class before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.matching.allocation import Aim, Allocation, Method, Objective, allocate
from recommender.matching.auction import bound_value, hold_auction
from recommender.matching.problem import Bound, Problem, build_problem

EACH_WAY = pytest.mark.parametrize("method", ["exact", "auction"])
EACH_AIM = pytest.mark.parametrize("objective", ["fit", "people"])


def make_problem() -> Problem:
    """Return two classes of a seat each: the first person may sit in both, the second in the first alone."""
    people, classes = np.array([0, 0, 1]), np.array([0, 1, 0])
    return build_problem(people, classes, np.array([0.9, 0.8, 0.5]), np.array([1, 1]), 2)


@EACH_WAY
@EACH_AIM
def test_a_class_that_an_earlier_tier_filled_has_its_price_to_the_later_one(
    method: Method, objective: Objective
) -> None:
    found = allocate(make_problem(), Aim(objective, method=method), tiers=np.arange(2))
    assert found.seated.tolist() == [0, -1]
    assert found.prices == pytest.approx([0.5, 0])


@EACH_WAY
def test_a_class_that_was_accepted_full_has_its_price(method: Method) -> None:
    fixed = np.array([0, -1], dtype=np.int32)
    found = allocate(make_problem(), Aim(method=method), fixed=fixed)
    assert found.prices == pytest.approx([0.5, 0])


@EACH_WAY
def test_prices_are_in_fit_where_most_people_are_served(method: Method) -> None:
    problem = build_problem(
        np.arange(3), np.zeros(3, dtype=int), np.array([0.9, 0.6, 0.4]), np.array([2]), 3
    )
    found = allocate(problem, Aim("people", 0.001, method))
    assert found.seated.tolist() == [0, 0, -1]
    assert 0.4 - 0.01 <= found.prices[0] <= 0.6 + 0.02


@pytest.mark.parametrize("seed", range(20))
def test_prices_by_highs_are_what_one_seat_more_and_one_less_in_a_floor_give(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, classes = np.nonzero(rng.random((10, 3)) < 0.7)
    values = rng.random(len(people)).round(3)
    problem = build_problem(people, classes, values, np.array([1, 2, 1]), 10)
    members = rng.permutation(10) < 6

    def solve(seats: np.ndarray, floor: int) -> Allocation:
        bound = Bound("bounds.0", members, floor=floor)
        return allocate(replace(problem, seats=seats, bounds=(bound,)), Aim(method="exact"))

    found = solve(problem.seats, 3)
    gained = [solve(problem.seats + one, 3).value - found.value for one in np.eye(3, dtype=int)]
    assert found.prices == pytest.approx(gained, abs=1e-5)
    given_back = solve(problem.seats, 2).value - found.value
    assert found.rates[0] == pytest.approx(given_back, abs=1e-5)


def test_the_prices_of_an_auction_prove_its_bound() -> None:
    """The first auction finds the best seats, a later one the prices that prove it."""
    values = np.array([0.9, 0.6, 0.4])
    problem = build_problem(np.arange(3), np.zeros(3, dtype=int), values, np.array([2]), 3)
    lifted = replace(problem, bonus=np.full(3, 9.0))
    found = hold_auction(lifted, 0.001)
    assert bound_value(lifted, found.prices) == pytest.approx(found.bound)


def test_the_most_people_are_those_of_all_tiers_together() -> None:
    """The first tier takes the seat that fits it best, though by the other one both could be served."""
    found = allocate(make_problem(), tiers=np.arange(2))
    assert (found.seated >= 0).sum() == 1
    assert found.most_people == 2


def test_the_most_people_are_no_more_than_the_seats_that_somebody_wants() -> None:
    people, classes = np.arange(4), np.zeros(4, dtype=int)
    found = allocate(build_problem(people, classes, np.full(4, 0.5), np.array([1, 9]), 4))
    assert found.most_people == 1
