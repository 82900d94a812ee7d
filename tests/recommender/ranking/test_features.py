"""Features by hand: what a person has done, what is new, and what those who object are not asked about."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from recommender.catalogue.quality import build_quality
from recommender.eligibility.query import EligibilityQuery
from recommender.participants.encodings import encode_groups
from recommender.ranking.features import (
    FEATURES,
    FRESH_DAYS,
    NEUTRAL_FEATURES,
    compute_course_features,
    compute_features,
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
    participants = [
        {"participant_id": f"p{row}", "skills": [], "interests": [], "groups": []}
        | {"profiling_opt_out": row == 1}
        for row in range(2)
    ]
    events = [finished, finished | {"event_id": "f", "participant_id": "p1"}]
    return replace(
        random_world(0),
        courses=table("courses", courses),
        classes=table("classes", []),
        participants=table("participants", participants),
        events=table("interactions", events),
    )


def compute_feature(query: EligibilityQuery, courses: pl.DataFrame, name: str) -> np.ndarray:
    everything = np.tile(np.arange(len(courses), dtype=np.int32), (len(query.batch), 1))
    topics = np.zeros((len(query.batch), len(query.catalogue.categories)), np.float32)
    rows = np.arange(len(query.batch))
    of_courses = compute_course_features(query.availability, build_quality(courses))
    found = compute_features(query, rows, everything, {}, of_courses, topics)
    return found[:, :, FEATURES.index(name)]


def test_a_training_builds_on_what_was_finished(world: World) -> None:
    found = compute_feature(world.query(), world.courses, "builds_on")
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
    assert name in NEUTRAL_FEATURES
    found = compute_feature(world.query(), world.courses, name)
    np.testing.assert_allclose(found, [expected, expected], atol=1e-6)


def test_completion_is_the_share_that_finishes(world: World) -> None:
    unknown, high, low = compute_feature(world.query(), world.courses, "completion")[0]
    assert low < unknown < high
    assert high == pytest.approx(0.9, abs=0.01)


def test_groups_are_of_age_schooling_and_work_and_of_nothing_else() -> None:
    world = random_world(1, n_participants=40)
    participants = world.participants.with_columns(
        profiling_opt_out=pl.Series([row % 2 == 1 for row in range(40)])
    )

    def encode(participants: pl.DataFrame) -> sp.csr_matrix:
        return encode_groups(replace(world, participants=participants).query().batch)

    groups = encode(participants)
    known = participants.select(
        pl.sum_horizontal(
            pl.col("birth_year", "education", "employment_status").is_not_null().cast(pl.Int8)
        )
    ).to_series()
    assert groups.getnnz(axis=1)[::2].tolist() == known[::2].to_list()
    assert not groups[1::2].nnz
    others = participants.with_columns(
        gender=pl.lit("female").cast(participants["gender"].dtype), disability=pl.lit(True)
    )
    assert (groups != encode(others)).nnz == 0
