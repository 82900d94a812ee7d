"""Rows of a dataset that cannot be used cost themselves only: they are counted, and the command goes on."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from store.database import open_store
from store.dataset_import import import_dataset
from tests.cli.test_store import home
from training_data.dataset import Dataset
from training_data.simulation import simulate_dataset

__all__ = ["home"]

pytestmark = pytest.mark.integration

NUMBER = pl.int_range(pl.len())
PEOPLE = 120


def padan(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def spoil(dataset: Dataset, table: str, **columns: pl.Expr) -> None:
    rows = pl.read_parquet(dataset.path(table))
    rows.with_columns(**columns).write_parquet(dataset.path(table))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "data"
    return simulate_dataset(folder, PEOPLE, dt.date.today()).folder


@pytest.fixture
def broken(sound: Path, home: Path) -> Dataset:
    """A dataset of which a few rows of each table cannot be used."""
    dataset = Dataset.open(shutil.copytree(sound, home / "data"))
    spoil(
        dataset,
        "courses",
        price_idr=pl.when(NUMBER < 2).then(-1).otherwise("price_idr"),
        title=pl.when(NUMBER == 3).then(pl.lit("a\nb")).otherwise("title"),
    )
    spoil(
        dataset,
        "participants",
        participant_id=pl.when(NUMBER == 4).then(pl.lit("a\x00")).otherwise("participant_id"),
    )
    spoil(dataset, "interactions", at=pl.when(NUMBER == 5).then(None).otherwise("at"))
    return dataset


def hold(result: Result, dataset: Dataset, *tables: str) -> None:
    """Hold what was said of each table to what it holds, with a reason and a row."""
    for table in tables or ("courses", "participants", "interactions"):
        good, bad, _ = dataset.split(table)
        said = f"{len(good):,} rows used, {len(bad):,} set aside"
        assert said in result.stderr, result.stderr
        assert f"padan: {table}: 1 rows: " in result.stderr or len(bad) > 1


def test_commands_use_the_other_rows_and_say_so(
    broken: Dataset, home: Path, tiny_directory: Path
) -> None:
    data = ("--data", broken.folder)
    encoder = ("--encoder", tiny_directory)
    entrants = ("popularity", "regional-popularity")
    commands: list[tuple[object, ...]] = [
        ("train", *data, *encoder),
        ("refresh", *data, *encoder),
        ("evaluate", *data, *entrants),
        ("compare", *data, *entrants),
        ("split", *data, "--out", home / "past"),
    ]
    for words in commands:
        result = padan(*words)
        assert result.exit_code == 0, result.output
        hold(result, broken)
        assert "courses: 2 rows: price_idr: is too small (min 0), such as row 1" in result.stderr
    assert padan("--strict", "split", *data, "--out", home / "again").exit_code == 3
    past = Dataset.open(home / "past")
    assert all(past.split(table).bad.is_empty() for table in ("participants", "interactions"))
    spoil(broken, "courses", price_idr=pl.lit(-1))
    assert padan("refresh", *data, *encoder).exit_code == 2
    checked = padan("check", broken.folder)
    assert "set aside" in checked.output


def test_a_service_takes_the_rows_that_can_be_used(broken: Dataset) -> None:
    store = open_store()
    store.prepare()
    assert import_dataset(store, broken)
    with store.reading() as connection:
        count = connection.exec_driver_sql("select count(*) from participants").scalar_one()
    assert count == PEOPLE - 1


def test_nothing_is_saved_into_a_table_of_which_rows_would_be_lost(broken: Dataset) -> None:
    before = broken.fingerprint()
    padan("store", "upgrade")
    result = padan("store", "save", "--data", broken.folder)
    assert result.exit_code == 2
    assert "courses.parquet: 3 of" in result.stderr
    assert broken.fingerprint() == before


@pytest.mark.parametrize("command", ["train", "evaluate", "compare", "split"])
@pytest.mark.parametrize("fault", ["no row", "no column", "no parquet", "no folder"])
def test_a_table_that_cannot_be_used_is_one_line(
    broken: Dataset, home: Path, tiny_directory: Path, command: str, fault: str
) -> None:
    courses = broken.path("courses")
    match fault:
        case "no row":
            spoil(broken, "courses", price_idr=pl.lit(-1))
        case "no column":
            pl.read_parquet(courses).drop("mode").write_parquet(courses)
        case "no parquet":
            courses.write_bytes(b"PAR1")
        case _:
            broken = Dataset(home / "absent", broken.info)
    more: dict[str, tuple[object, ...]] = {
        "train": ("--encoder", tiny_directory),
        "split": ("--out", home / "past"),
    }
    entrants = ("popularity", "regional-popularity")
    result = padan(command, "--data", broken.folder, *more.get(command, entrants))
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
    assert not (home / "past").exists()
