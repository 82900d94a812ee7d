"""Quality figures: shrinkage, intervals that hold what they promise, and no figure without data."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from recommender.catalogue.quality import (
    COVERAGE,
    ENOUGH,
    Quality,
    add_completion,
    build_quality,
)
from tests.recommender.worlds import table


def quality(**columns: list) -> Quality:
    n = len(next(iter(columns.values())))
    courses = table("courses", [{"course_id": f"c{i}"} for i in range(n)])
    return build_quality(
        courses.with_columns(
            pl.Series(name, values, dtype=courses.schema[name]) for name, values in columns.items()
        )
    )


def test_few_observations_stay_near_the_mean_and_many_leave_it() -> None:
    rates = [0.5] * 20 + [0.9, 0.9, 0.1]
    counts = [200] * 20 + [3, 3000, 3000]
    completion = quality(completion_rate=rates, completion_count=counts).measures["completion"]
    few, many, low = completion.mean[-3:]
    centre = np.average(rates, weights=counts)
    assert abs(few - centre) < 0.15
    assert many == pytest.approx(0.9, abs=0.01)
    assert low == pytest.approx(0.1, abs=0.01)


def test_ratings_that_are_all_alike_say_little() -> None:
    """One training with 5.0 from 12 people does not lead a catalogue where all have 4.9."""
    rng = np.random.default_rng(0)
    counts = rng.integers(50, 500, 200)
    means = 4.9 + rng.normal(0, 0.3, 200) / np.sqrt(counts)
    stars = quality(rating_mean=[*np.minimum(means, 5), 5.0], rating_count=[*counts, 12]).measures[
        "rating"
    ]
    assert stars.mean[-1] < 4.95
    assert stars.mean.max() - stars.mean.min() < 0.1
    assert stars.low[-1] < 4.9 < stars.high[-1]


def test_what_is_chance_alone_is_not_taken_for_quality() -> None:
    """All trainings are equally good; their shares among 20 people differ by chance."""
    rng = np.random.default_rng(3)
    seen = rng.binomial(20, 0.7, 500) / 20
    completion = quality(completion_rate=seen, completion_count=[20] * 500).measures["completion"]
    assert seen.std() > 0.09
    assert completion.mean.std() < 0.02


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    truth = rng.beta(6, 4, 4000)
    counts = rng.integers(1, 200, 4000)
    seen = rng.binomial(counts, truth) / counts
    placement = quality(placement_rate=seen, placement_count=counts).measures["placement"]
    inside = (placement.low <= truth) & (truth <= placement.high)
    assert inside.mean() == pytest.approx(COVERAGE, abs=0.02)
    few = counts <= 10
    assert inside[few].mean() == pytest.approx(COVERAGE, abs=0.05)
    raw, shrunk = np.abs(seen - truth)[few].mean(), np.abs(placement.mean - truth)[few].mean()
    assert shrunk < 0.7 * raw


def test_more_observations_narrow_the_interval() -> None:
    completion = quality(completion_rate=[0.6] * 4, completion_count=[1, 10, 100, 1000]).measures[
        "completion"
    ]
    widths = completion.high - completion.low
    assert (np.diff(widths) < 0).all()


def test_below_enough_data_no_figure_is_shown() -> None:
    known = quality(completion_rate=[0.6, 0.6, None], completion_count=[ENOUGH - 1, ENOUGH, None])
    assert known.summary(0)["completion"] == {"enough": False, "count": ENOUGH - 1}
    shown = known.summary(1)["completion"]
    assert shown["enough"]
    assert shown["low"] < shown["mean"] < shown["high"]
    assert known.summary(2)["completion"] == {"enough": False, "count": 0}
    assert known.summary(1)["rating"] == {"enough": False, "count": 0}


def test_a_figure_without_a_count_is_worth_one_observation() -> None:
    stars = quality(rating_mean=[5.0, 3.0] + [4.0] * 10, rating_count=[None, None] + [100] * 10)
    assert stars.measures["rating"].count[:2].tolist() == [1, 1]
    assert abs(stars.measures["rating"].mean[0] - 4) < 0.5


def test_gains_may_be_negative_and_keep_their_unit() -> None:
    gain = quality(gain_mean=[-0.5, 0.5], gain_count=[5000, 5000]).measures["gain"]
    assert gain.mean == pytest.approx([-0.5, 0.5], abs=0.02)
    assert (gain.low < gain.mean).all()
    assert (gain.mean < gain.high).all()


def test_refunds_count_against_a_training_and_absent_measures_do_not_count() -> None:
    overall = quality(refund_rate=[0.0, 0.5], refund_count=[1000, 1000]).overall
    assert overall[0] > overall[1] > 0.4
    better = quality(completion_rate=[0.9, 0.2], completion_count=[500, 500]).overall
    assert better == pytest.approx([0.9, 0.2], abs=0.02)


def test_without_any_outcome_all_trainings_are_alike() -> None:
    nothing = quality(rating_mean=[None, None])
    assert nothing.overall.tolist() == [0.5, 0.5]
    assert not any(measure["enough"] for measure in nothing.summary(0).values())


def event(person: str, course: str, kind: str, day: int) -> dict:
    at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day)
    return {
        "event_id": f"{person}{course}{kind}",
        "participant_id": person,
        "course_id": course,
        "kind": kind,
        "at": at,
    }


def test_completion_is_told_by_those_who_had_time_to_finish() -> None:
    events = table(
        "interactions",
        [
            event("a", "x", "purchase", 0),
            event("a", "x", "complete", 5),
            event("b", "x", "start", 1),
            event("c", "x", "purchase", 55),  # too late to tell
            event("a", "y", "purchase", 2),
            event("a", "z", "click", 60),
        ],
    )
    courses = table(
        "courses",
        [
            {"course_id": "x"},
            {"course_id": "y", "completion_rate": 0.9, "completion_count": 40},
            {"course_id": "z"},
        ],
    )
    completed = add_completion(courses, events)
    assert completed.columns == courses.columns
    assert completed["completion_rate"].to_list() == [0.5, 0.9, None]
    assert completed["completion_count"].to_list() == [2, 40, None]
    assert add_completion(courses, events[:0]).equals(courses)
