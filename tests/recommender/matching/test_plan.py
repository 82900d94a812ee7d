"""Plans: never over the balance, prerequisites first, and exactly as good as the best of all sets."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.eligibility.exclusions import BIT, Exclusion
from recommender.eligibility.mask import find_exclusions
from recommender.engine import Engine
from recommender.matching.plan import DEFERRABLE, choose, make_plan, order_by_need
from recommender.settings import CourseFilters
from tests.recommender.worlds import DAY, random_world

PRICES = st.sampled_from([0, 1, 7, 99_999, 100_000, 250_000, 349_999, 1_000_000])


@st.composite
def knapsacks(draw: st.DrawFn, max_items: int) -> tuple[np.ndarray, np.ndarray, sp.csr_matrix]:
    count = draw(st.integers(0, max_items))
    price = np.array([draw(PRICES) for _ in range(count)], dtype=np.int64)
    fit = np.array([draw(st.integers(0, 20)) / 20 for _ in range(count)])
    needs = np.zeros((count, count), dtype=np.float32)
    for row in range(1, count):
        if draw(st.booleans()):
            needs[row, draw(st.integers(0, row - 1))] = 1
    return price, fit, sp.csr_matrix(needs)


def whole(chosen: set[int], needs: sp.csr_matrix) -> bool:
    return all(set(needs[one].indices) <= chosen for one in chosen)


def best_of_all(
    price: np.ndarray, fit: np.ndarray, needs: sp.csr_matrix, balance: int, max_courses: int
) -> float:
    return max(
        fit[list(chosen)].sum()
        for size in range(min(max_courses, len(price)) + 1)
        for chosen in combinations(range(len(price)), size)
        if price[list(chosen)].sum() <= balance and whole(set(chosen), needs)
    )


def greedy(
    price: np.ndarray, fit: np.ndarray, needs: sp.csr_matrix, balance: int, max_courses: int
) -> float:
    chosen: set[int] = set()
    for one in np.argsort(-fit, kind="stable"):
        with_it = chosen | {int(one)}
        fits = price[list(with_it)].sum() <= balance and len(with_it) <= max_courses
        if fits and whole(with_it, needs):
            chosen = with_it
    return float(fit[list(chosen)].sum())


@given(knapsacks(max_items=8), st.integers(0, 2_500_000), st.integers(1, 8))
@settings(deadline=None, max_examples=150)
def test_no_set_within_the_balance_is_worth_more(
    knapsack: tuple[np.ndarray, np.ndarray, sp.csr_matrix], balance: int, max_courses: int
) -> None:
    price, fit, needs = knapsack
    chosen = choose(price, fit, needs, balance, max_courses)
    assert price[chosen].sum() <= balance
    assert len(chosen) <= max_courses
    assert whole(set(chosen.tolist()), needs)
    assert fit[chosen].sum() == pytest.approx(best_of_all(price, fit, needs, balance, max_courses))


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_large_ones_stay_within_the_balance_and_beat_greed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    price = rng.integers(1, 1_000_000, 150)
    fit = rng.random(150)
    needs = sp.csr_matrix(np.tril(rng.random((150, 150)) < 0.005, -1).astype(np.float32))
    chosen = choose(price, fit, needs, 3_500_000, 10)
    assert price[chosen].sum() <= 3_500_000
    assert whole(set(chosen.tolist()), needs)
    assert fit[chosen].sum() >= greedy(price, fit, needs, 3_500_000, 10) - 1e-9


def test_a_larger_balance_never_makes_a_plan_worse() -> None:
    rng = np.random.default_rng(0)
    price, fit = rng.integers(1, 10, 30) * 50_000, rng.random(30)
    needs = sp.csr_matrix((30, 30), dtype=np.float32)
    worth = [fit[choose(price, fit, needs, b, 8)].sum() for b in range(0, 2_000_000, 200_000)]
    assert (np.diff(worth) >= -1e-9).all()
    assert worth[0] == 0 < worth[-1]


@given(knapsacks(max_items=8))
@settings(deadline=None, max_examples=60)
def test_prerequisites_come_first(knapsack: tuple[np.ndarray, np.ndarray, sp.csr_matrix]) -> None:
    price, fit, needs = knapsack
    level = (np.arange(len(price)) % 3).astype(np.int32)
    order = order_by_need(np.arange(len(price)), needs, level, fit).tolist()
    assert sorted(order) == list(range(len(price)))
    for place, one in enumerate(order):
        assert set(needs[one].indices) <= set(order[:place])


def test_levels_then_fit_decide_where_nothing_is_needed() -> None:
    level = np.array([2, 0, 0, 1], dtype=np.int32)
    fit = np.array([1.0, 0.2, 0.9, 0.5])
    needs = sp.csr_matrix((4, 4), dtype=np.float32)
    assert order_by_need(np.arange(4), needs, level, fit).tolist() == [2, 1, 3, 0]


def test_a_circle_of_needs_is_put_in_some_order() -> None:
    needs = sp.csr_matrix(np.array([[0, 1], [1, 0]], dtype=np.float32))
    order = order_by_need(np.arange(2), needs, np.zeros(2, np.int32), np.ones(2))
    assert sorted(order.tolist()) == [0, 1]


@pytest.mark.parametrize("seed", range(12))
def test_plans_of_random_participants_keep_every_rule_but_those_a_plan_takes_care_of(
    seed: int, engine_of: Callable[..., Engine]
) -> None:
    world = random_world(seed)
    engine = engine_of(world)
    for row in range(world.participants.height):
        participant = engine.prepare(world.participants[row : row + 1], world.events, DAY)
        plan = make_plan(engine, participant, 5, CourseFilters())
        ids = plan.recommendations.slates.ids[0]
        assert (ids >= 0).all()
        assert len(set(ids.tolist())) == len(ids) <= 5
        assert plan.spent == engine.catalogue.price[ids].sum() <= plan.balance
        assert ((plan.fit >= 0) & (plan.fit <= 1)).all()
        bits = find_exclusions(engine.query(participant))[0, ids]
        deferrable = sum(1 << BIT[exclusion] for exclusion in DEFERRABLE)
        assert not (bits & ~np.uint32(deferrable)).any()
        needing = bits >> np.uint32(BIT[Exclusion.PREREQUISITE_MISSING]) & 1 == 1
        for place in np.flatnonzero(needing):
            prerequisites = engine.catalogue.prerequisites[int(ids[place])].indices
            assert set(prerequisites) & set(ids[:place].tolist())
