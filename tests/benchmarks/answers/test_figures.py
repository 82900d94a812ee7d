"""Figures of judged lists by hand, and judgements that fit together."""

from __future__ import annotations

from math import isnan, log2

import pytest

from benchmarks.answers.figures import absurd, judge, ndcg, on_topic, precision_at_1, summarise
from benchmarks.answers.judgements import HALVES, read_grades, read_phrases, read_profiles
from training_data.demo import demo_courses

GRADES = {"a": 2, "b": 1, "c": 2}
ALL = ["a", "b", "c", "d", "e", "f"]


def test_a_perfect_list_and_a_poor_one() -> None:
    best = judge(["a", "c", "b", "d", "e"], ALL, GRADES)
    assert ndcg(best) == pytest.approx(1)
    assert on_topic(best) == 1
    assert precision_at_1(best) == 1
    assert absurd(best) == 0
    poor = judge(["d", "a", "e", "b", "f"], ALL, GRADES)
    gained = 3 / log2(3) + 1 / log2(5)
    assert ndcg(poor) == pytest.approx(gained / (3 + 3 / log2(3) + 1 / log2(4)))
    assert on_topic(poor) == pytest.approx(2 / 3)
    assert precision_at_1(poor) == 0
    assert absurd(poor) == pytest.approx(2 / 3)


def test_what_is_not_permitted_is_no_fault_of_a_list() -> None:
    nothing = judge(["d", "e"], ["d", "e"], GRADES)
    assert all(isnan(figure(nothing)) for figure in (ndcg, on_topic, precision_at_1, absurd))
    one = judge(["a", "d", "e"], ["a", "d", "e"], GRADES)
    assert absurd(one) == 0
    assert on_topic(one) == 1


def test_the_mean_leaves_out_who_does_not_count() -> None:
    mean, low, high = summarise([1.0, float("nan"), 0.0])
    assert mean == 0.5
    assert low <= mean <= high
    assert all(isnan(value) for value in summarise([float("nan")]))


def test_grades_are_of_written_people_and_of_trainings_there_are() -> None:
    names = [profile.name for profile in read_profiles()]
    assert len(names) == len(set(names)) >= 120
    courses = set(demo_courses()["course_id"])
    for catalogue in ("demo", "real"):
        grades = read_grades(catalogue)
        assert set(grades) <= set(names)
        assert {grade for by_course in grades.values() for grade in by_course.values()} == {1, 2}
    assert {course for by_course in read_grades("demo").values() for course in by_course} <= courses


def test_half_of_everything_is_held_out() -> None:
    for judged in (read_profiles(), read_phrases()):
        counts = [sum(one.half == half for one in judged) for half in HALVES]
        assert abs(counts[0] - counts[1]) <= 0.05 * len(judged)
    assert len(read_phrases()) >= 300
