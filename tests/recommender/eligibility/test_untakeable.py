"""Trainings that nobody can ever take are named with the reason; those that only wait are not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.untakeable import find_untakeable
from tests.recommender.worlds import load_vocabularies, table
from training_data.dataset import Dataset, DatasetInfo
from training_data.demo import demo_classes, demo_courses
from training_data.programmes.programme import load_programme

DAY = dt.date(2026, 11, 28)
GOOD = {
    "title": "Belajar",
    "provider_id": "p",
    "mode": "self_paced",
    "price_idr": 100_000,
    "duration_hours": 20.0,
    "prerequisites": [],
    "skills": [],
}
PROGRAMME = load_programme("prakerja-2024")


def find(
    folder: Path, courses: pl.DataFrame, classes: pl.DataFrame | None = None
) -> dict[str, list[str]]:
    dataset = Dataset.create(folder, DatasetInfo())
    dataset.write("courses", courses)
    if classes is not None:
        dataset.write("classes", classes)
    found = find_untakeable(dataset, PROGRAMME, load_vocabularies(), DAY)
    return {reason.value: ids for reason, ids in found.items()}


def test_each_reason_names_its_trainings(tmp_path: Path) -> None:
    rows = [
        {"course_id": "good"},
        {"course_id": "short", "duration_hours": 14.5},
        {"course_id": "over", "available_until": dt.date(2025, 1, 1)},
        {"course_id": "later", "available_from": dt.date(2027, 1, 1)},
        {"course_id": "orphan", "prerequisites": ["gone"], "duration_hours": 2.0},
    ]
    assert find(tmp_path / "d", table("courses", [GOOD | row for row in rows])) == {
        Exclusion.TOO_SHORT: ["short", "orphan"],
        Exclusion.NO_LONGER_AVAILABLE: ["over"],
        Exclusion.PREREQUISITE_UNKNOWN: ["orphan"],
    }


def test_few_of_the_demo_can_never_be_taken(tmp_path: Path) -> None:
    found = find(tmp_path / "d", demo_courses(), demo_classes(DAY))
    assert set(found) == {Exclusion.TOO_SHORT}
    assert len(found[Exclusion.TOO_SHORT]) < 10
    needed = set(demo_courses()["prerequisites"].explode().drop_nulls())
    assert needed.isdisjoint(found[Exclusion.TOO_SHORT])
