"""Deferred acceptance: a known answer, nobody blocks, nobody gains by another list."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.matching.problem import build_problem
from recommender.matching.stable import Choices, accept_deferred, seat_by_choices

MANY = settings(max_examples=150, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return choices of at most three, opinions (P, K), seats, seats kept, and members."""
    rng = np.random.default_rng(seed)
    people, classes = int(rng.integers(1, 14)), int(rng.integers(1, 6))
    choices = np.array(
        [np.append(rng.permutation(classes), [-1] * 3)[:3] for _ in range(people)], dtype=np.int32
    )
    choices[rng.random(people) < 0.2, 1:] = -1
    seats = rng.integers(0, 4, classes)
    kept = np.minimum(rng.integers(0, 3, classes), seats)
    return choices, rng.integers(0, 6, (people, classes)), seats, kept, rng.random(people) < 0.3


def seat(
    choices: np.ndarray,
    opinions: np.ndarray,
    seats: np.ndarray,
    kept: np.ndarray,
    members: np.ndarray,
) -> np.ndarray:
    standing = np.take_along_axis(opinions, np.maximum(choices, 0), axis=1)
    return accept_deferred(choices, standing, seats, kept, members)


def choose(
    some: list[int], class_: int, opinions: np.ndarray, members: np.ndarray, seats: int, kept: int
) -> set[int]:
    """Whom a class takes of some people, by its definition."""
    order = sorted(some, key=lambda one: (-opinions[one, class_], one))
    first = [one for one in order if members[one]][:kept]
    return {*first, *[one for one in order if one not in first][: seats - len(first)]}


@MANY
@given(seeds)
def test_nobody_blocks(seed: int) -> None:
    choices, opinions, seats, kept, members = market = draw(seed)
    seated = seat(*market)
    for class_ in range(len(seats)):
        there = np.flatnonzero(seated == class_).tolist()
        rather = [
            person
            for person, row in enumerate(choices.tolist())
            if class_ in row
            and (seated[person] < 0 or row.index(class_) <= row.index(seated[person]))
        ]
        # of all who would rather be here, and those who are, the class would take those who are
        chosen = choose(rather, class_, opinions, members, int(seats[class_]), int(kept[class_]))
        assert chosen == {*there}
    for person, class_ in enumerate(seated.tolist()):
        assert class_ < 0 or class_ in choices[person]


@MANY
@given(seeds)
def test_nobody_gains_by_another_list(seed: int) -> None:
    choices, *others = draw(seed)
    honest = seat(choices, *others)
    person = seed % len(choices)
    own = [one for one in choices[person].tolist() if one >= 0]
    worth = {one: len(own) - place for place, one in enumerate(own)} | {-1: 0}
    for length in range(len(own) + 1):
        for lie in permutations(own, length):
            told = choices.copy()
            told[person] = [*lie, -1, -1, -1][:3]
            assert worth[int(seat(told, *others)[person])] <= worth[int(honest[person])]


def test_the_textbook_answer() -> None:
    # both people like class 0 better; it likes person 1 better, so person 0 goes to class 1
    choices = np.array([[0, 1], [0, 1]], dtype=np.int32)
    standing = np.array([[1.0, 1.0], [2.0, 1.0]])
    assert accept_deferred(choices, standing, np.array([1, 1])).tolist() == [1, 0]
    # a seat that is kept for a member goes to person 0, whatever the standing
    kept, members = np.array([1, 0]), np.array([True, False])
    assert accept_deferred(choices, standing, np.array([1, 1]), kept, members).tolist() == [0, 1]


@MANY
@given(seeds)
def test_pairs_of_a_case_are_seated_as_their_lists(seed: int) -> None:
    choices, opinions, seats, kept, members = market = draw(seed)
    people, places = np.nonzero(choices >= 0)
    classes = choices[people, places]
    problem = build_problem(people, classes, np.ones(len(people)), seats, len(choices))
    pairs = zip(people.tolist(), classes.tolist(), strict=True)
    ranks = dict(zip(pairs, places.tolist(), strict=True))
    stated = Choices(
        np.array(
            [
                10 * ranks[pair]
                for pair in zip(problem.people.tolist(), problem.classes.tolist(), strict=True)
            ],
            dtype=np.int64,
        ),
        opinions[problem.people, problem.classes].astype(float),
        kept.astype(np.int64),
        members,
    )
    nobody = np.full(len(choices), -1, dtype=np.int32)
    together = np.zeros(len(choices), dtype=np.int64)
    found = seat_by_choices(problem, stated, together, nobody)
    assert found.tolist() == seat(*market).tolist()
    # who is of a later tier takes nothing from who is of an earlier one
    tiers = np.random.default_rng(seed).integers(0, 2, len(choices))
    later = seat_by_choices(problem, stated, tiers, nobody)
    first = np.where((tiers == 0)[:, None], choices, -1)
    assert later[tiers == 0].tolist() == seat(first, *market[1:])[tiers == 0].tolist()
    # who has accepted keeps the seat, and no class is overfull
    fixed = np.where(np.arange(len(found)) % 3 == 0, found, -1).astype(np.int32)
    again = seat_by_choices(problem, stated, together, fixed)
    assert (again[fixed >= 0] == fixed[fixed >= 0]).all()
    assert (np.bincount(again[again >= 0], minlength=len(seats)) <= seats).all()
