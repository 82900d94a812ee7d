"""The dataset directory: contracts on entry, merging, and a fingerprint of its content."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from training_data.columns import TABLES, Courses
from training_data.contract import count_reasons
from training_data.dataset import (
    Dataset,
    DatasetError,
    DatasetInfo,
    MergeCounts,
    read_parquet,
)


def courses(*ids: str, title: str = "Las", price: int = 0) -> pl.DataFrame:
    rows = pl.DataFrame(
        [{"course_id": i, "title": title, "provider_id": "LPK", "price_idr": price} for i in ids]
    )
    empty = Courses.create_empty()
    filled = pl.concat([empty, rows], how="diagonal_relaxed")
    return filled.with_columns(
        pl.lit("webinar").alias("mode"), pl.col("skills", "prerequisites").fill_null([])
    )


def test_a_new_dataset_has_no_table_and_is_valid(tmp_path: Path) -> None:
    info = DatasetInfo(programme="own", region_pack="x", language="en", simulated=True)
    Dataset.create(tmp_path / "new", info)
    dataset = Dataset.open(tmp_path / "new")
    assert dataset.info == info
    assert dataset.tables() == []
    assert dataset.validate() == {}
    for table in TABLES:
        assert dataset.read(table).is_empty()
        assert dataset.scan(table).collect().is_empty()


def test_a_table_is_read_back_as_written(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    dataset.write("courses", courses("a", "b"))
    assert dataset.read("courses")["course_id"].to_list() == ["a", "b"]
    assert dataset.scan("courses").collect().equals(dataset.read("courses"))
    assert dataset.validate() == {"courses": 2}
    assert [path.name for path in tmp_path.glob("*.parquet*")] == ["courses.parquet"]


def test_rows_that_break_the_contract_are_not_written(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    dataset.write("courses", courses("a"))
    with pytest.raises(DatasetError, match=r"courses: .*price_idr"):
        dataset.write("courses", courses("b", price=-1).with_columns(title=pl.lit("Las")))
    with pytest.raises(DatasetError, match="course_id: is the same as in row 1"):
        dataset.write("courses", courses("b", "b"))
    assert dataset.read("courses")["course_id"].to_list() == ["a"]


def test_rows_of_a_file_that_break_the_contract_are_set_aside_with_their_reason(
    tmp_path: Path,
) -> None:
    dataset = Dataset.create(tmp_path)
    rows = pl.concat([courses("a", "b", "a"), courses("c", price=-1), courses("d/e")])
    rows.write_parquet(dataset.path("courses"))
    assert dataset.read("courses")["course_id"].to_list() == ["a", "b"]
    good, bad, problems = dataset.split("courses")
    assert good.height + bad.height == rows.height
    assert bad.drop("reason").equals(rows[2:])
    assert [reason.partition(":")[0] for reason in bad["reason"]] == [
        "course_id", "price_idr", "course_id",
    ]  # fmt: skip
    assert sorted(one.row for one in count_reasons(problems)) == [3, 4, 5]


def test_a_value_of_another_type_is_set_aside_alone(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    rows = courses("a", "b").with_columns(price_idr=pl.Series(["5000", "lima ribu"]))
    rows.write_parquet(dataset.path("courses"))
    assert dataset.read("courses")["price_idr"].to_list() == [5000]
    assert dataset.split("courses").bad["price_idr"].to_list() == ["lima ribu"]


def test_nothing_is_merged_into_a_table_of_which_rows_would_be_lost(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    courses("a", price=-1).write_parquet(dataset.path("courses"))
    before = dataset.fingerprint()
    with pytest.raises(DatasetError, match=r"courses\.parquet: 1 of 1 rows cannot be used"):
        dataset.merge("courses", courses("b"))
    assert dataset.fingerprint() == before


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    courses("a").drop("mode").write_parquet(dataset.path("courses"))
    with pytest.raises(DatasetError, match=r"courses\.parquet: .*mode"):
        dataset.read("courses")
    dataset.path("courses").write_bytes(b"no parquet at all")
    with pytest.raises(DatasetError, match=r"courses\.parquet: not a Parquet file"):
        dataset.read("courses")


def test_a_parquet_file_of_which_polars_panics_is_an_error_of_the_dataset(tmp_path: Path) -> None:
    path = tmp_path / "courses.parquet"
    pl.DataFrame({"a": ["x"]}).write_parquet(path)
    content = path.read_bytes()
    for place in range(60, 80):
        path.write_bytes(content[:place] + b"\0" + content[place + 1 :])
        with suppress(DatasetError):
            read_parquet(path)


def test_merging_replaces_rows_of_the_same_key(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path)
    assert dataset.merge("courses", courses("a", "b")) == MergeCounts(added=2, replaced=0)
    assert dataset.merge("courses", courses("b", "c", title="Baru")) == MergeCounts(1, 1)
    titles = dict(dataset.read("courses").select("course_id", "title").iter_rows())
    assert titles == {"a": "Las", "b": "Baru", "c": "Baru"}


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    one, two = Dataset.create(tmp_path / "1"), Dataset.create(tmp_path / "2")
    empty = one.fingerprint()
    one.write("courses", courses("a"))
    two.write("courses", courses("a"))
    assert one.fingerprint() == two.fingerprint() != empty
    two.write("courses", courses("a", title="Lain"))
    assert one.fingerprint() != two.fingerprint()
    other = Dataset.create(tmp_path / "1", DatasetInfo(language="en"))
    assert other.fingerprint() != Dataset.create(tmp_path / "1").fingerprint()


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no dataset here"):
        Dataset.open(tmp_path)
    (tmp_path / "dataset.toml").write_text('languag = "id"\n')
    with pytest.raises(DatasetError, match=r"dataset\.toml: languag"):
        Dataset.open(tmp_path)
    with pytest.raises(DatasetError, match="'lessons' is no table"):
        Dataset.create(tmp_path).path("lessons")
