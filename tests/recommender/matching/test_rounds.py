"""Several classes a person: none twice, none at the same time, seats and ceilings kept over all rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching.worlds import make_small_world
from recommender.matching.allocation import Aim, allocate
from recommender.matching.bounded import UnmetError
from recommender.matching.problem import Problem, build_problem
from recommender.matching.rounds import Limits, allocate_rounds
from recommender.matching.run import check_floors
from tests.recommender.matching.cases import build_limits, make_case

MANY = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
AIM = Aim("fit", 0.01, "exact")


def draw_limits(seed: int, problem: Problem) -> Limits:
    """Return limits under which many pairs of classes cannot be had, each alone can."""
    rng = np.random.default_rng([seed, 1])
    count = len(problem.seats)
    begin = rng.integers(0, 12, count)
    course, last = rng.integers(0, 5, count), begin + rng.integers(0, 5, count)
    return Limits(
        np.column_stack([course, begin, last]),
        rng.integers(0, 4, count),
        rng.integers(3, 9, len(problem)),
        rng.integers(1, 4, len(problem)),
    )


@MANY
@given(seeds, st.integers(1, 3))
def test_classes_of_one_person_never_meet(seed: int, most: int) -> None:
    problem = make_small_world(seed)
    limits = draw_limits(seed, problem)
    tiers = np.zeros(len(problem), dtype=np.int64)
    nobody = np.full((len(problem), most), -1, dtype=np.int32)
    try:
        alone = allocate(problem, AIM, tiers=tiers)
    except UnmetError:
        return
    found = allocate_rounds(problem, AIM, tiers, nobody, limits)
    assert found.seated.tolist() == alone.seated.tolist()
    assert len(found.later) == most - 1
    held = np.column_stack([found.seated, *found.later])
    permitted = {*zip(problem.people.tolist(), problem.classes.tolist(), strict=True)}
    for person, row in enumerate(held.tolist()):
        own = [class_ for class_ in row if class_ >= 0]
        assert permitted.issuperset((person, class_) for class_ in own)
        for place, one in enumerate(own):
            for other in own[:place]:
                spans = limits.spans
                apart = spans[one, 1] > spans[other, 2] or spans[other, 1] > spans[one, 2]
                assert apart
                assert spans[one, 0] != spans[other, 0]
        assert limits.costs[own].sum() <= limits.balances[person]
        assert len(own) <= max(1, limits.most[person])
    taken = np.bincount(held[held >= 0], minlength=len(problem.seats))
    assert (taken <= problem.seats).all()
    for bound in problem.bounds:
        seated = sum(bound.count(column) for column in held.T)
        assert bound.ceiling is None or seated <= bound.ceiling
        assert not bound.shortfall(found.seated)
    worth = sum(problem.measure_fit(column) for column in held.T)
    assert abs(worth - found.value) < 1e-3
    assert found.bound >= found.value - 1e-6


@MANY
@given(seeds)
def test_what_is_accepted_of_any_round_stays(seed: int) -> None:
    problem = make_small_world(seed)
    problem = type(problem)(
        problem.starts, problem.classes, problem.values, problem.seats, problem.bonus
    )
    limits = draw_limits(seed, problem)
    tiers = np.zeros(len(problem), dtype=np.int64)
    nobody = np.full((len(problem), 2), -1, dtype=np.int32)
    first = allocate_rounds(problem, AIM, tiers, nobody, limits)
    held = np.column_stack([first.seated, *first.later])
    fixed = np.where(np.random.default_rng(seed).random(held.shape) < 0.5, held, -1)
    again = allocate_rounds(problem, AIM, tiers, fixed.astype(np.int32), limits)
    kept = np.column_stack([again.seated, *again.later])
    assert (kept[fixed >= 0] == fixed[fixed >= 0]).all()
    taken = np.bincount(kept[kept >= 0], minlength=len(problem.seats))
    assert (taken <= problem.seats).all()


def test_nobody_has_a_second_before_another_has_a_first() -> None:
    # person 0 fits both classes better than person 1, who may sit in the second alone
    problem = build_problem(
        np.array([0, 0, 1]),
        np.array([0, 1, 1]),
        np.array([0.9, 0.8, 0.1]),
        np.array([1, 1]),
        2,
    )
    apart = build_limits(np.array([[0, 1, 2], [1, 5, 6]]), 2)
    tiers, nobody = np.zeros(2, dtype=np.int64), np.full((2, 2), -1, dtype=np.int32)
    found = allocate_rounds(problem, AIM, tiers, nobody, apart)
    assert np.column_stack([found.seated, *found.later]).tolist() == [[0, -1], [1, -1]]
    more = type(problem)(
        problem.starts, problem.classes, problem.values, np.array([1, 2]), problem.bonus
    )
    found = allocate_rounds(more, AIM, tiers, nobody, apart)
    assert np.column_stack([found.seated, *found.later]).tolist() == [[0, 1], [1, -1]]


def test_a_second_class_is_given_as_far_as_balance_and_programme_go() -> None:
    problem = build_problem(
        np.array([0, 0, 0]), np.arange(3), np.array([0.9, 0.8, 0.7]), np.array([9, 9, 9]), 1
    )
    tiers, nobody = np.zeros(1, dtype=np.int64), np.full((1, 3), -1, dtype=np.int32)
    spans = np.column_stack([np.arange(3)] * 3)

    def give(costs: list[int], balance: int, most: int) -> list[int]:
        limits = Limits(spans, np.array(costs), np.array([balance]), np.array([most]))
        found = allocate_rounds(problem, AIM, tiers, nobody, limits)
        return [int(found.seated[0]), *(int(one[0]) for one in found.later)]

    assert give([5, 3, 2], 10, 9) == [0, 1, 2]
    assert give([5, 3, 2], 9, 9) == [0, 1, -1]
    assert give([5, 3, 2], 7, 9) == [0, 2, -1]
    assert give([5, 3, 0], 5, 9) == [0, 2, -1]
    assert give([5, 3, 2], 10, 2) == [0, 1, -1]
    assert give([5, 3, 2], 10, 1) == [0, -1, -1]


def test_floors_are_looked_at_beside_the_second_classes_that_were_accepted() -> None:
    case = make_case("seed", classes=2)
    check_floors(case)
    places = np.repeat(np.arange(len(case.problem.seats)), case.problem.seats)
    fixed = case.fixed.copy()
    fixed[: len(places), 1] = places[: len(fixed)]
    with pytest.raises(UnmetError, match=r"bounds\.0\.floor: 12 cannot be kept"):
        check_floors(replace(case, fixed=fixed))
