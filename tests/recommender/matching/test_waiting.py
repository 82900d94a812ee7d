"""Waiting lists: in an order that keeps the floors at every prefix, and after every refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching.worlds import make_small_world
from recommender.matching.allocation import allocate
from recommender.matching.bounded import UnmetError
from recommender.matching.problem import Bound, Problem, build_problem
from recommender.matching.waiting import order_waiting

MANY = settings(max_examples=100, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def counts(bound: Bound, person: int, class_: int) -> bool:
    people = bound.people is None or bool(bound.people[person])
    return people and (bound.classes is None or bool(bound.classes[class_]))


def read_lists(
    problem: Problem, seated: np.ndarray, tiers: np.ndarray | None = None
) -> dict[int, list[int]]:
    together = np.zeros(len(problem), dtype=np.int64)
    waiting = order_waiting(problem, seated, problem.values, together if tiers is None else tiers)
    lists: dict[int, list[int]] = {}
    for pair, class_, place in zip(
        waiting.pairs.tolist(), waiting.classes.tolist(), waiting.places.tolist(), strict=True
    ):
        lists.setdefault(class_, []).append(int(problem.people[pair]))
        assert place == len(lists[class_])
        assert problem.classes[pair] == class_
    return lists


@MANY
@given(seeds)
def test_floors_hold_at_every_prefix(seed: int) -> None:
    problem = make_small_world(seed)
    try:
        seated = allocate(problem).seated
    except UnmetError:
        return
    total = max(int((seated >= 0).sum()), 1)
    for class_, waiting in read_lists(problem, seated).items():
        assert len(waiting) == len({*waiting})
        assert all(seated[person] < 0 for person in waiting)
        floors = [bound for bound in problem.bounds if bound.floor]
        if len(floors) != 1:
            continue  # several may ask for more people than there are places
        (bound,) = floors
        able = sum(counts(bound, person, class_) for person in waiting)
        for length in range(1, len(waiting) + 1):
            there = sum(counts(bound, person, class_) for person in waiting[:length])
            asked = int(min(bound.floor / total, 1) * length + 1e-9)
            assert there >= min(asked, able)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_floors_of_several_groups_hold_at_every_prefix(seed: int) -> None:
    """Places that they ask for together are kept free in time, where nobody is of two groups."""
    rng = np.random.default_rng(seed)
    people, classes = np.nonzero(rng.random((40, 3)) < 0.8)
    values = rng.random(len(people)).round(2)
    problem = build_problem(people, classes, values, rng.integers(1, 5, 3), 40)
    group = rng.integers(0, 3, 40)
    floors = [Bound(f"bounds.{one}", group == one, floor=int(rng.integers(1, 4))) for one in (0, 1)]
    problem = replace(problem, bounds=tuple(floors))
    try:
        seated = allocate(problem).seated
    except UnmetError:
        return
    total = int((seated >= 0).sum())
    for waiting in read_lists(problem, seated).values():
        for bound in floors:
            there = np.cumsum([counts(bound, person, 0) for person in waiting])
            asked = np.floor(bound.floor / total * np.arange(1, len(waiting) + 1) + 1e-9)
            assert (there >= np.minimum(asked, there[-1])).all()


@MANY
@given(seeds)
def test_after_each_refusal_who_is_called_mends_what_it_broke(seed: int) -> None:
    problem = make_small_world(seed)
    problem = replace(problem, bounds=problem.bounds[:1])
    try:
        seated = allocate(problem).seated
    except UnmetError:
        return
    rng = np.random.default_rng(seed)
    gone: set[int] = set()
    for person in rng.permutation(np.flatnonzero(seated >= 0))[:8].tolist():
        class_ = int(seated[person])
        seated = seated.copy()
        seated[person] = -1
        gone.add(person)
        willing = np.array([one not in gone for one in range(len(problem))])
        left = problem.take(willing[problem.people], problem.seats)
        waiting = read_lists(left, seated).get(class_, [])
        lacking = [bound.shortfall(seated) for bound in problem.bounds]
        if not waiting:
            continue
        called = waiting[0]
        for bound, lack in zip(problem.bounds, lacking, strict=True):
            if lack and any(counts(bound, one, class_) for one in waiting):
                assert counts(bound, called, class_)
        seated[called] = class_
        for bound in problem.bounds:
            assert not bound.excess(seated)


def test_without_floors_it_goes_by_worth_and_then_by_lot() -> None:
    people, classes = np.arange(5), np.zeros(5, dtype=int)
    problem = build_problem(people, classes, np.array([0.9, 0.3, 0.6, 0.6, 0.7]), np.array([1]), 5)
    seated = allocate(problem).seated
    assert seated.tolist() == [0, -1, -1, -1, -1]
    assert read_lists(problem, seated) == {0: [4, 2, 3, 1]}
    tiers = np.array([0, 0, 1, 1, 1])
    assert read_lists(problem, seated, tiers) == {0: [1, 4, 2, 3]}
    # every other person is to be of the second half: these come in turn, the best first
    half = Bound("bounds.0", np.arange(5) >= 2, floor=1)
    both = replace(problem, seats=np.array([2]), bounds=(half,))
    assert read_lists(both, allocate(both).seated) == {0: [2, 3, 1]}
    members = Bound("bounds.0", np.arange(5) == 1, floor=1)
    both = replace(problem, seats=np.array([2]), bounds=(members,))
    seated = allocate(both).seated
    assert seated.tolist() == [0, 0, -1, -1, -1]
    seated[1] = -1  # the member refuses, and nobody else could mend it
    willing = both.take(both.people != 1, both.seats)
    assert read_lists(willing, seated) == {0: [4, 2, 3]}
