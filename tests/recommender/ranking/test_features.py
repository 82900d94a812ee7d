"""Features by hand: what a person has done, what is new, and what those who object are not asked about."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from recommender.catalogue.quality import course_quality
from recommender.eligibility.query import Question
from recommender.participants.batch import group_attributes
from recommender.ranking.features import (
    FEATURES,
    FRESH_DAYS,
    OF_THE_CATALOGUE,
    features,
    of_the_day,
)
from tests.recommender.worlds import DAY, World, random_world, table

COURSES = [
    {"course_id": "c0", "mode": "webinar", "available_from": DAY},
    {
        "course_id": "c1",
        "mode": "self_paced",
        "available_from": DAY - dt.timedelta(days=int(FRESH_DAYS)),
        "prerequisites": ["c0"],
        "completion_rate": 0.9,
        "completion_count": 10_000,
    },
    {
        "course_id": "c2",
        "mode": "in_person",
        "prerequisites": ["c0", "c1"],
        "completion_rate": 0.2,
        "completion_count": 10_000,
    },
]


@pytest.fixture(scope="module")
def world() -> World:
    finished = {
        "event_id": "e",
        "participant_id": "p0",
        "course_id": "c0",
        "kind": "complete",
        "at": dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
    }
    plain = {"title": "t", "provider_id": "x", "price_idr": 0, "skills": []}
    courses = [plain | {"prerequisites": []} | course for course in COURSES]
    people = [
        {"participant_id": f"p{row}", "skills": [], "interests": [], "groups": []}
        | {"profiling_opt_out": row == 1}
        for row in range(2)
    ]
    events = [finished, finished | {"event_id": "f", "participant_id": "p1"}]
    return replace(
        random_world(0),
        courses=table("courses", courses),
        classes=table("classes", []),
        participants=table("participants", people),
        events=table("interactions", events),
    )


def feature(question: Question, courses: pl.DataFrame, name: str) -> np.ndarray:
    everything = np.tile(np.arange(len(courses), dtype=np.int32), (len(question.batch), 1))
    topics = np.zeros((len(question.batch), len(question.catalogue.categories)), np.float32)
    people = np.arange(len(question.batch))
    day = of_the_day(question.offer, course_quality(courses))
    found = features(question, people, everything, {}, day, topics)
    return found[:, :, FEATURES.index(name)]


def test_a_training_builds_on_what_was_finished(world: World) -> None:
    found = feature(world.question(), world.courses, "builds_on")
    assert found.tolist() == [[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]]  # the second objects


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("freshness", [1.0, math.exp(-1), 0.0]),
        ("webinar", [1.0, 0.0, 0.0]),
        ("face_to_face", [0.0, 0.0, 1.0]),
    ],
)
def test_what_is_of_the_catalogue_is_the_same_to_all(
    world: World, name: str, expected: list[float]
) -> None:
    assert name in OF_THE_CATALOGUE
    found = feature(world.question(), world.courses, name)
    np.testing.assert_allclose(found, [expected, expected], atol=1e-6)


def test_completion_is_the_share_that_finishes(world: World) -> None:
    unknown, high, low = feature(world.question(), world.courses, "completion")[0]
    assert low < unknown < high
    assert high == pytest.approx(0.9, abs=0.01)


def test_groups_are_of_age_schooling_and_work_and_of_nothing_else() -> None:
    people = random_world(1, n_people=40).participants.with_columns(
        profiling_opt_out=pl.Series([row % 2 == 1 for row in range(40)])
    )
    groups = group_attributes(people)
    known = people.select(
        pl.sum_horizontal(
            pl.col("birth_year", "education", "employment_status").is_not_null().cast(pl.Int8)
        )
    ).to_series()
    assert groups.getnnz(axis=1)[::2].tolist() == known[::2].to_list()
    assert not groups[1::2].nnz
    others = people.with_columns(
        gender=pl.lit("female").cast(people["gender"].dtype), disability=pl.lit(True)
    )
    assert (groups != group_attributes(others)).nnz == 0
