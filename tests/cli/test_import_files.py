"""`padan import` from the outside: exit codes, the line of JSON, files left behind."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from cli.import_files import import_files
from training_data.dataset import Dataset, DatasetInfo

pytestmark = pytest.mark.integration

HEADER = "course_id,title,provider_id,mode,price_idr\n"


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(import_files)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "ours.csv"
    path.write_text(
        HEADER + "a,Las,LPK,in_person,5000\nb,Barista,LPK,zoom,0\na,Las 2,LPK,webinar,0\n"
    )
    return path


def test_json_ends_with_the_counts(catalogue: Path, tmp_path: Path) -> None:
    result = run("courses", catalogue, "--out", tmp_path / "data", "--json")
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout.splitlines()[-1])
    assert (counts["read"], counts["accepted"], counts["rejected"]) == (3, 1, 2)
    assert Dataset.open(tmp_path / "data").read("courses")["title"].to_list() == ["Las"]
    for rejects in (
        pl.read_parquet(tmp_path / "data" / "rejects.parquet"),
        pl.read_csv(tmp_path / "data" / "rejects.csv"),
    ):
        assert rejects["row"].to_list() == [2, 3]
        assert "zoom is not one of" in rejects["reason"][0]
        assert "row 1" in rejects["reason"][1]


def test_importing_again_replaces_and_other_files_add(catalogue: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    run("courses", catalogue, "--out", out)
    other = tmp_path / "other.csv"
    other.write_text(HEADER + "c,Roti,LPK,webinar,0\nd,,LPK,webinar,0\n")
    counts = json.loads(run("courses", catalogue, other, "--out", out, "--json").stdout)
    assert (counts["added"], counts["replaced"]) == (1, 1)
    assert pl.read_parquet(out / "rejects.parquet")["source"].to_list() == ["ours.csv"] * 2 + [
        "other.csv"
    ]
    run("courses", other, "--out", out, "--replace")
    assert Dataset.open(out).read("courses")["course_id"].to_list() == ["c"]


def test_the_table_names_what_happened(catalogue: Path, tmp_path: Path) -> None:
    output = run("courses", catalogue, "--out", tmp_path / "data").output
    assert "1 rows added, 0 replaced" in output
    assert "zoom is not one of" in " ".join(output.split())


@pytest.mark.parametrize("name", ["absent.csv", "notes.txt", "empty.csv", "useless.csv"])
def test_unusable_input_is_one_line_and_status_2(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "useless.csv").write_text("a,b\n1,2\n")
    result = run("courses", tmp_path / name, "--out", tmp_path / "data", "--json")
    assert result.exit_code == 2
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_no_row_accepted_is_status_2(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(HEADER + "a,Las,LPK,zoom,5000\n")
    result = run("courses", bad, "--out", tmp_path / "data")
    assert result.exit_code == 2
    assert "no row was accepted" in result.stderr


def test_an_unknown_region_pack_is_status_2(catalogue: Path, tmp_path: Path) -> None:
    Dataset.create(tmp_path / "data", DatasetInfo(region_pack="nowhere"))
    result = run("courses", catalogue, "--out", tmp_path / "data")
    assert result.exit_code == 2
    assert "no region pack at nowhere" in result.stderr


def test_skills_week_list(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "catalogue" / "prakerja_skillweek_course.json"
    counts = json.loads(run("courses", source, "--out", tmp_path, "--json").stdout.splitlines()[-1])
    assert counts["read"] == 266 == counts["accepted"] + counts["rejected"]
    assert counts["accepted"] >= 250


@pytest.mark.parametrize("there", ["a file", "no UTF-8"])
def test_a_dataset_that_cannot_be_opened_is_one_line(
    catalogue: Path, tmp_path: Path, there: str
) -> None:
    data = tmp_path / "data"
    if there == "a file":
        data.write_text("x")
    else:
        Dataset.create(data)
        (data / "dataset.toml").write_bytes(b"\xff\xfe")
    result = run("courses", catalogue, "--out", data)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
