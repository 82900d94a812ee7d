"""Several classes a person: none twice, none at the same time, seats and ceilings kept over all rounds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching.worlds import make_small_world
from recommender.matching.allocation import Aim, allocate
from recommender.matching.bounded import UnmetError
from recommender.matching.problem import build_problem
from recommender.matching.rounds import allocate_rounds

MANY = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
AIM = Aim("fit", 0.01, "exact")


def draw_spans(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 1])
    begin = rng.integers(0, 12, count)
    return np.column_stack([rng.integers(0, 5, count), begin, begin + rng.integers(0, 5, count)])


@MANY
@given(seeds, st.integers(1, 3))
def test_classes_of_one_person_never_meet(seed: int, most: int) -> None:
    problem = make_small_world(seed)
    spans = draw_spans(seed, len(problem.seats))
    tiers = np.zeros(len(problem), dtype=np.int64)
    nobody = np.full((len(problem), most), -1, dtype=np.int32)
    try:
        alone = allocate(problem, AIM, tiers=tiers)
    except UnmetError:
        return
    found = allocate_rounds(problem, AIM, tiers, nobody, spans)
    assert found.seated.tolist() == alone.seated.tolist()
    assert len(found.later) == most - 1
    held = np.column_stack([found.seated, *found.later])
    permitted = {*zip(problem.people.tolist(), problem.classes.tolist(), strict=True)}
    for person, row in enumerate(held.tolist()):
        own = [class_ for class_ in row if class_ >= 0]
        assert permitted.issuperset((person, class_) for class_ in own)
        for place, one in enumerate(own):
            for other in own[:place]:
                apart = spans[one, 1] > spans[other, 2] or spans[other, 1] > spans[one, 2]
                assert apart
                assert spans[one, 0] != spans[other, 0]
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
    spans = draw_spans(seed, len(problem.seats))
    tiers = np.zeros(len(problem), dtype=np.int64)
    nobody = np.full((len(problem), 2), -1, dtype=np.int32)
    first = allocate_rounds(problem, AIM, tiers, nobody, spans)
    held = np.column_stack([first.seated, *first.later])
    fixed = np.where(np.random.default_rng(seed).random(held.shape) < 0.5, held, -1)
    again = allocate_rounds(problem, AIM, tiers, fixed.astype(np.int32), spans)
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
    apart = np.array([[0, 1, 2], [1, 5, 6]])
    tiers, nobody = np.zeros(2, dtype=np.int64), np.full((2, 2), -1, dtype=np.int32)
    found = allocate_rounds(problem, AIM, tiers, nobody, apart)
    assert np.column_stack([found.seated, *found.later]).tolist() == [[0, -1], [1, -1]]
    more = type(problem)(
        problem.starts, problem.classes, problem.values, np.array([1, 2]), problem.bonus
    )
    found = allocate_rounds(more, AIM, tiers, nobody, apart)
    assert np.column_stack([found.seated, *found.later]).tolist() == [[0, 1], [1, -1]]
