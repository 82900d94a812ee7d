"""People to seats: against HiGHS, a maximum flow, and what must hold of every assignment."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from benchmarks.matching.worlds import make_large_world, make_small_world
from recommender.matching import exact
from recommender.matching.allocation import Aim, Method, allocate
from recommender.matching.auction import bound_value, hold_auction
from recommender.matching.bounded import UnmetError, solve_bounded
from recommender.matching.exact import InfeasibleError, solve_exactly
from recommender.matching.feasibility import find_relaxations
from recommender.matching.problem import Bound, Problem, build_problem
from recommender.matching.ties import settle_ties

MANY = settings(max_examples=60, deadline=None)
SLACK = 1e-5
seeds = st.integers(0, 2**32 - 1)


def check(problem: Problem, seated: np.ndarray) -> None:
    """Hold an assignment to its problem, pair by pair."""
    permitted = {*zip(problem.people.tolist(), problem.classes.tolist(), strict=True)}
    taken = [(person, class_) for person, class_ in enumerate(seated.tolist()) if class_ >= 0]
    assert permitted.issuperset(taken)
    for class_, seats in enumerate(problem.seats.tolist()):
        assert sum(place == class_ for _, place in taken) <= seats
    for bound in problem.bounds:
        counted = [
            person
            for person, class_ in taken
            if (bound.people is None or bound.people[person])
            and (bound.classes is None or bound.classes[class_])
        ]
        assert len(counted) >= bound.floor
        assert bound.ceiling is None or len(counted) <= bound.ceiling


def count_most(problem: Problem, some: np.ndarray | None = None) -> int:
    """Return how many of some people can be served, by a maximum matching with the seats."""
    permitted = np.zeros((len(problem), len(problem.seats)), dtype=int)
    permitted[problem.people, problem.classes] = 1
    if some is not None:
        permitted[~some] = 0
    seats = np.repeat(np.arange(len(problem.seats)), problem.seats)
    if not len(seats):
        return 0
    found = maximum_bipartite_matching(csr_matrix(permitted[:, seats]), perm_type="column")
    return int((found >= 0).sum())


@MANY
@given(seeds)
def test_an_auction_is_within_its_certified_gap_of_the_exact_optimum(seed: int) -> None:
    problem = replace(make_small_world(seed), bounds=())
    best, found = solve_exactly(problem), hold_auction(problem, 0.01)
    check(problem, best.seated)
    check(problem, found.seated)
    assert found.gap <= 0.01 + SLACK
    assert best.value >= found.value - SLACK
    assert found.bound >= best.value - SLACK
    assert bound_value(problem, best.prices) == pytest.approx(best.value, abs=1e-4)


@MANY
@given(seeds)
def test_bounds_are_kept_whenever_they_can_be(seed: int) -> None:
    problem = make_small_world(seed)
    try:
        best = solve_exactly(problem)
    except InfeasibleError:
        with pytest.raises(UnmetError):
            solve_bounded(problem, 0.01)
        return
    check(problem, best.seated)
    for method in ("exact", "auction"):
        found = allocate(problem, Aim(gap=0.01, method=method))
        check(problem, found.seated)
        assert found.gap <= 0.01 + SLACK
        assert best.value - SLACK <= found.bound
        assert found.value == pytest.approx(problem.measure_value(found.seated), abs=SLACK)


@MANY
@given(seeds)
def test_the_smallest_relaxation_is_enough_and_one_less_is_not(seed: int) -> None:
    problem = make_small_world(seed)
    relaxed = {one.name: one.possible for one in find_relaxations(problem)}
    try:
        solve_exactly(problem)
    except InfeasibleError:
        assert relaxed
    else:
        assert not relaxed
        return
    eased = [replace(one, floor=relaxed.get(one.name, one.floor)) for one in problem.bounds]
    solve_exactly(replace(problem, bounds=eased))
    first = next(number for number, one in enumerate(eased) if one.name in relaxed)
    eased[first] = replace(eased[first], floor=eased[first].floor + 1)
    with pytest.raises(InfeasibleError):
        solve_exactly(replace(problem, bounds=eased))


def test_floors_of_a_large_world_are_found_impossible_in_seconds() -> None:
    problem = make_large_world(4_000, 80, 20, seed=5)
    members = np.arange(len(problem)) % 10 == 0
    able = count_most(problem, members)
    for floor, found in ((able, []), (able + 50, ["bounds.0"])):
        bounds = (Bound("bounds.0", members, floor=floor), Bound("bounds.1", ~members, floor=5))
        begun = time.monotonic()
        relaxed = find_relaxations(replace(problem, bounds=bounds))
        assert time.monotonic() - begun < 30
        assert [one.name for one in relaxed] == found
        assert all(0.99 * able <= one.possible <= able for one in relaxed)


@MANY
@given(seeds, st.sampled_from(["exact", "auction"]))
def test_the_most_people_are_served(seed: int, method: Method) -> None:
    problem = replace(make_small_world(seed), bounds=())
    most = count_most(problem)
    found = allocate(problem, Aim("people", 0.01, method))
    check(problem, found.seated)
    assert (found.seated >= 0).sum() == most <= found.most_people
    fit = allocate(problem, Aim("fit", 0.01, "exact"))
    assert problem.measure_fit(found.seated) <= problem.measure_fit(fit.seated) + SLACK


@pytest.mark.parametrize("method", ["exact", "auction"])
def test_an_earlier_tier_leaves_the_seat_that_a_floor_needs(method: Method) -> None:
    """The only member who can count comes in the last tier."""
    people, classes = np.arange(3), np.zeros(3, dtype=np.int32)
    problem = build_problem(people, classes, np.full(3, 0.5), np.array([2]), 3)
    floor = Bound("bounds.0", np.array([False, False, True]), floor=1)
    found = allocate(
        replace(problem, bounds=(floor,)), Aim("fit", method=method), tiers=np.arange(3)
    )
    assert found.seated.tolist() == [0, -1, 0]


@MANY
@given(seeds)
def test_floors_that_can_be_kept_are_kept_whatever_the_tiers(seed: int) -> None:
    problem = make_small_world(seed)
    tiers = np.random.default_rng(seed).integers(0, 3, len(problem))
    if find_relaxations(problem):
        with pytest.raises(UnmetError):
            allocate(problem, Aim(method="exact"), tiers=tiers)
    else:
        assert problem.is_feasible(allocate(problem, Aim(method="exact"), tiers=tiers).seated)


@MANY
@given(seeds)
def test_an_earlier_tier_is_served_as_if_it_were_alone(seed: int) -> None:
    problem = replace(make_small_world(seed), bounds=())
    tiers = np.random.default_rng(seed).integers(0, 3, len(problem))
    found = allocate(problem, Aim("people", method="exact"), tiers=tiers)
    check(problem, found.seated)
    assert (found.seated[tiers == 0] >= 0).sum() == count_most(problem, tiers == 0)


@MANY
@given(seeds)
def test_who_has_accepted_keeps_the_seat(seed: int) -> None:
    problem = replace(make_small_world(seed), bounds=())
    before = allocate(problem).seated
    fixed = np.where(np.random.default_rng(seed).random(len(problem)) < 0.5, before, -1)
    found = allocate(problem, fixed=fixed.astype(np.int32))
    check(problem, found.seated)
    assert (found.seated[fixed >= 0] == fixed[fixed >= 0]).all()
    assert problem.measure_fit(found.seated) == pytest.approx(
        problem.measure_fit(before), abs=SLACK
    )


@MANY
@given(seeds)
def test_no_seat_is_held_against_the_lottery(seed: int) -> None:
    problem = make_small_world(seed)
    problem = replace(problem, values=np.round(problem.values * 4).astype(np.float32), bounds=())
    found = allocate(problem)
    value = dict(
        zip(
            zip(problem.people.tolist(), problem.classes.tolist(), strict=True),
            problem.values.tolist(),
            strict=True,
        )
    )
    seated = found.seated.tolist()
    for holder, class_ in enumerate(seated):
        for other in range(holder):
            if class_ >= 0 and seated[other] < 0 and (other, class_) in value:
                assert value[other, class_] != value[holder, class_]
    assert (settle_ties(problem, found.seated) == found.seated).all()


def test_of_twins_before_one_seat_the_first_has_it() -> None:
    people, classes = np.array([0, 1, 2]), np.zeros(3, dtype=int)
    problem = build_problem(people, classes, np.array([0.5, 0.5, 0.5]), np.array([1]), 3)
    for method in ("exact", "auction"):
        assert allocate(problem, Aim(method=method)).seated.tolist() == [0, -1, -1]


def test_the_rate_of_a_floor_is_what_its_last_person_costs() -> None:
    # one seat; the person of the floor fits 0.3 less than the other
    problem = build_problem(
        np.array([0, 1]), np.array([0, 0]), np.array([0.9, 0.6]), np.array([1]), 2
    )
    bound = Bound("bounds.0", np.array([False, True]), floor=1)
    found = allocate(replace(problem, bounds=(bound,)))
    assert found.seated.tolist() == [-1, 0]
    assert found.rates[0] == pytest.approx(0.3, abs=SLACK)


def test_a_large_world_is_solved_within_the_gap_and_the_same_each_time() -> None:
    problem = make_large_world(2_000, 50, 20, seed=3)
    first, second = (allocate(problem, Aim(gap=0.005, method="auction")) for _ in range(2))
    check(problem, first.seated)
    assert first.gap <= 0.005
    assert (first.seated == second.seated).all()


def test_a_stopped_search_gives_what_it_has_and_says_so() -> None:
    problem = make_large_world(2_000, 50, 20, seed=3)
    found = allocate(problem, Aim(gap=0.001, method="auction"), stop=lambda: True)
    check(problem, found.seated)
    assert not found.finished


def make_tangle() -> Problem:
    """Return a problem with many floors and ceilings that overlap: HiGHS takes minutes to prove its optimum."""
    rng = np.random.default_rng(0)
    problem = make_large_world(120, 12, 8, seed=0)
    bounds = []
    for number in range(24):
        people = rng.random(len(problem)) < 0.3
        classes = rng.random(len(problem.seats)) < 0.4 if number % 2 else None
        some = min(people.sum(), problem.seats.sum()) * (0.06 if number % 2 else 0.15)
        bounds.append(Bound(f"bounds.{number}", people, classes, int(some), int(some) + 2))
    return replace(problem, bounds=tuple(bounds))


def test_highs_is_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "FIRST_SECONDS", 0.1)
    problem = make_tangle()
    begun = time.monotonic()
    found = allocate(problem, Aim(method="exact"), stop=lambda: True)
    assert time.monotonic() - begun < 10
    check(problem, found.seated)
    assert not found.finished
    assert 0 < found.gap < 1


def test_a_search_that_is_stopped_between_two_auctions_says_so() -> None:
    problem = make_large_world(2_000, 50, 20, seed=3)
    asked = iter([False, True])
    found = hold_auction(problem, 1e-6, stop=lambda: next(asked, True))
    assert not found.finished
    assert found.gap > 1e-6
    check(problem, found.seated)
