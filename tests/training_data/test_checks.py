"""Each thing that a careful colleague would point at is pointed at, and nothing else."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from training_data.checks import Finding, check_dataset
from training_data.columns import TABLES, complete_columns
from training_data.dataset import Dataset
from training_data.regions import RegionTable

REGIONS = cache(lambda: RegionTable.load("indonesia"))
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
TRAINING: dict[str, Any] = {
    "title": "Las", "provider_id": "LPK", "mode": "webinar", "price_idr": 0, "description": "Mengelas pelat",
    "duration_hours": 10.0, "skills": ["las"],
}  # fmt: skip


def put(dataset: Dataset, table: str, rows: list[dict[str, Any]]) -> None:
    columns = TABLES[table].columns().items()
    lists = {name: [] for name, column in columns if column.dtype == pl.List}
    frame = pl.DataFrame([{**lists, **row} for row in rows], infer_schema_length=None)
    dataset.write(table, complete_columns(TABLES[table], frame))


def find(dataset: Dataset, words: str) -> list[Finding]:
    return [one for one in check_dataset(dataset, REGIONS(), NOW) if words in one.said]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Two trainings and two people of whom nothing can be said but what is left empty."""
    made = Dataset.create(tmp_path)
    put(made, "courses", [training("a"), training("b", title="Jahit")])
    put(made, "participants", [person("p"), person("q")])
    put(made, "interactions", [event("e1", "p", "a"), event("e2", "q", "b")])
    return made


def training(course_id: str, **more: Any) -> dict[str, Any]:
    return {"course_id": course_id, **TRAINING, **more}


def person(participant_id: str, **more: Any) -> dict[str, Any]:
    return {"participant_id": participant_id, "profiling_opt_out": False, **more}


def event(event_id: str, who: str, what: str, **more: Any) -> dict[str, Any]:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    plain = {"event_id": event_id, "participant_id": who, "course_id": what, "kind": "complete"}
    return {**plain, "at": at, **more}


def test_of_a_sound_dataset_only_what_is_left_empty_is_said(dataset: Dataset) -> None:
    assert {one.said.partition(":")[0] for one in check_dataset(dataset, REGIONS(), NOW)} == {
        "columns are empty throughout"
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"description": None}, "have no description"),
        ({"skills": []}, "name no skill"),
        ({"duration_hours": None}, "have no duration"),
        ({"mode": "in_person"}, "no place is known"),
        ({"description": "<p>Mengelas</p>"}, "HTML"),
        ({"prerequisites": ["z"]}, "need a training that courses.parquet lacks"),
        ({"region_code": "3215"}, "have a region_code that the region pack indonesia lacks"),
        ({"available_from": dt.date(2026, 2, 1)}, "before their training was available"),
        ({"course_id": "101.0"}, "course_ids end in .0"),
        ({"course_id": "1,01E+11"}, "course_ids are in scientific notation"),
        ({"title": "JAHIT!"}, "have the title and mode of another"),
    ],
)
def test_a_fault_of_one_training_is_found_with_the_training(
    dataset: Dataset, change: dict[str, Any], words: str
) -> None:
    put(dataset, "courses", [{**training("a"), **change}, training("b", title="Jahit")])
    ((finding),) = find(dataset, words)
    assert (finding.table, finding.of) in {("courses", 2), ("interactions", 2)}
    assert finding.rows == (2 if "title" in change else 1)
    assert finding.example


def test_numbers_that_lost_their_zeros_are_found(dataset: Dataset) -> None:
    put(dataset, "participants", [person(one) for one in ("00123", "00124", "125", "p")])
    ((finding),) = find(dataset, "may have lost zeros")
    assert (finding.table, finding.rows, finding.example) == ("participants", 1, "125")
    put(dataset, "participants", [person(str(number)) for number in range(5, 200, 15)])
    assert find(dataset, "may have lost zeros") == []


def test_clocks_in_the_future_and_events_before_people_are_found(dataset: Dataset) -> None:
    people = [person("p", admitted_on=dt.date(2026, 1, 2)), person("q", birth_year=2030)]
    put(dataset, "participants", people)
    late = NOW + dt.timedelta(seconds=1)
    put(dataset, "interactions", [event("e1", "p", "a"), event("e2", "q", "b", at=late)])
    assert find(dataset, "lie in the future")[0].example == "e2"
    assert find(dataset, "before their participant")[0].example == "e1"
    assert find(dataset, "to be born")[0].example == "q"


def test_who_and_what_has_no_event_is_counted(dataset: Dataset) -> None:
    put(dataset, "interactions", [event("e1", "p", "a")])
    assert [(one.table, one.example) for one in find(dataset, "have no event")] == [
        ("courses", "b"),
        ("participants", "q"),
    ]


def test_one_value_and_one_region_throughout_are_found(dataset: Dataset) -> None:
    many = [person(f"p{n}", region_code="32.15" if n else "34.71") for n in range(30)]
    put(dataset, "participants", many)
    assert find(dataset, "profiling_opt_out is the same throughout")[0].rows == 30
    ((finding),) = find(dataset, "in one region")
    assert (finding.rows, finding.of, finding.example) == (29, 30, "Jawa Barat")
