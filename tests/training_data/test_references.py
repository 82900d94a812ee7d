"""Rows that name what is not there are counted, with an example and what becomes of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from training_data.columns import TABLES, complete_columns
from training_data.dataset import Dataset, DatasetError
from training_data.references import find_unknown, require_trainings, require_usable_events
from training_data.regions import RegionTable

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def put(dataset: Dataset, table: str, *rows: dict[str, object]) -> None:
    lists = {name: [] for name, c in TABLES[table].columns().items() if c.dtype == pl.List}
    frame = pl.DataFrame([{**lists, **row} for row in rows], infer_schema_length=None)
    dataset.write(table, complete_columns(TABLES[table], frame))


def course(course_id: str, **more: object) -> dict[str, object]:
    plain = {"title": "T", "provider_id": "P", "mode": "webinar", "price_idr": 0}
    return {"course_id": course_id, **plain, **more}


def event(number: int, person: str, course_id: str) -> dict[str, object]:
    return {
        "event_id": f"e{number}",
        "participant_id": person,
        "course_id": course_id,
        "kind": "complete",
        "at": AT,
    }


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    made = Dataset.create(tmp_path)
    put(
        made,
        "courses",
        course("a"),
        course("b", prerequisites=["a"], region_code="32.15"),
        course("c", prerequisites=["a", "z"], region_code="3215"),
    )
    put(made, "participants", {"participant_id": "p", "profiling_opt_out": False})
    put(made, "interactions", event(1, "p", "a"), event(2, "p", "a.0"), event(3, "0p", "a"))
    return made


def test_each_reference_that_names_nothing_is_counted_with_an_example(
    dataset: Dataset, regions: RegionTable
) -> None:
    assert [one.said for one in find_unknown(dataset, regions)] == [
        "1 of 3 trainings need a training that courses.parquet lacks, such as 'z' (c): "
        "they stay closed",
        "1 of 3 events name a training that courses.parquet lacks, such as 'a.0' (e2): "
        "they are left out",
        "1 of 3 events name a person that participants.parquet lacks, such as '0p' (e3): "
        "they are left out",
        "1 of 3 trainings have a region_code that the region pack indonesia lacks, "
        "such as '3215' (c): their place is unknown",
    ]


def test_only_the_tables_asked_about_are_looked_at(dataset: Dataset, regions: RegionTable) -> None:
    assert {one.table for one in find_unknown(dataset, regions, ["participants"])} == {
        "interactions"
    }
    assert find_unknown(dataset, regions, ["classes"]) == []


def test_of_a_table_that_is_not_there_nothing_is_said(tmp_path: Path, regions: RegionTable) -> None:
    dataset = Dataset.create(tmp_path)
    put(dataset, "interactions", event(1, "p", "a"))
    assert find_unknown(dataset, regions) == []


def test_some_usable_events_are_enough(dataset: Dataset) -> None:
    require_usable_events(dataset)
    dataset.write("interactions", TABLES["interactions"].create_empty())
    require_usable_events(dataset)


@pytest.mark.parametrize(
    "lost",
    [
        event(1, "p", "a.0"), event(1, "0p", "a"), event(1, "P", "a"), event(1, "p", "A"),
        event(1, "p.0", "a"), event(1, "p", "lpk-a"),
    ],
)  # fmt: skip
def test_events_of_which_none_names_what_is_there_are_refused(
    dataset: Dataset, lost: dict[str, object]
) -> None:
    put(dataset, "interactions", lost)
    with pytest.raises(DatasetError, match="none of 1 events is of a training"):
        require_usable_events(dataset)


def test_a_catalogue_without_a_training_is_refused(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    with pytest.raises(DatasetError, match="no training is there"):
        require_trainings(dataset)
    dataset.write("courses", TABLES["courses"].create_empty())
    with pytest.raises(DatasetError, match="no training is there"):
        require_trainings(dataset)


def test_a_catalogue_or_log_of_which_no_row_can_be_used_is_refused_with_a_reason(
    dataset: Dataset,
) -> None:
    for table, column, require in (
        ("courses", "price_idr", require_trainings),
        ("interactions", "at", require_usable_events),
    ):
        path = dataset.path(table)
        wrong = pl.lit(-1) if table == "courses" else pl.lit(None)
        pl.read_parquet(path).with_columns(wrong.alias(column)).write_parquet(path)
        with pytest.raises(DatasetError, match=f"of 3 can be used, such as {column}: is"):
            require(dataset)
