"""Files on which an import once went wrong give the right values, where these files are present."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from training_data.dataset import Dataset
from training_data.importing.mapping import Kind, load_mapping
from training_data.importing.pipeline import ImportSummary, import_into
from training_data.importing.source import SourceError
from training_data.references import find_unknown
from training_data.regions import RegionTable


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> Path:
    path = shared_data.parent / "cases"
    if not path.is_dir():
        pytest.skip(f"no failing cases at {path}")
    return path


def load(
    out: Path, file: Path, kind: Kind = "courses", mapping: str | None = None, append: bool = True
) -> ImportSummary:
    chosen = load_mapping(file.parent / mapping) if mapping else None
    return import_into(out, kind, [file], chosen, append)


def held(out: Path, *columns: str, kind: Kind = "courses") -> list[tuple[object, ...]]:
    return Dataset.open(out).read(kind).select(columns).rows()


def said(out: Path) -> dict[int, str]:
    return dict(pl.read_parquet(out / "rejects.parquet").select("row", "reason").rows())


def test_nothing_is_replaced_by_nothing(cases: Path, tmp_path: Path) -> None:
    folder = cases / "01-replace-wipes"
    load(tmp_path, folder / "good.csv")
    for name in ("allbad.csv", "cr_only.csv"):
        summary = load(tmp_path, folder / name, append=False)
        if name == "allbad.csv":
            assert (summary.accepted, len(held(tmp_path, "course_id"))) == (0, 6)
        else:
            assert summary.read > 0


def test_texts_with_line_breaks_keep_the_contract(cases: Path, tmp_path: Path) -> None:
    folder = cases / "02-table-contract-looser-than-api"
    for name, rows in (("newline_id.xlsx", 30), ("newline_category.xlsx", 12)):
        summary = load(tmp_path, folder / name)
        assert (summary.accepted, summary.rejected) == (rows, 0)
    texts = [text for row in held(tmp_path, "course_id", "category") for text in row if text]
    assert not any("\n" in str(text) for text in texts)
    people = load(tmp_path, folder / "people.json", "participants")
    assert people.read == people.accepted + people.rejected
    assert ("slash/1",) not in held(tmp_path, "participant_id", kind="participants")


def test_places_are_known_by_any_spelling(cases: Path, tmp_path: Path) -> None:
    folder = cases / "04-region-code-unchecked"
    for number, (name, kind, mapping, codes) in enumerate(
        [
            ("own_region.csv", "courses", None, ["32.15", "32.15", "32.15", "32.10"]),
            ("const.csv", "courses", "const.toml", ["32.73", "32.73"]),
            ("vac.csv", "vacancies", None, ["32.15", "32.15"]),
        ]
    ):
        load(tmp_path / str(number), folder / name, kind, mapping)  # type: ignore[arg-type]
        found = held(tmp_path / str(number), "region_code", kind=kind)  # type: ignore[arg-type]
        assert [code for (code,) in found] == codes
    for mapping in (None, "mapping_region.toml"):
        load(tmp_path / "n", folder / "region_numeric.xlsx", mapping=mapping, append=False)
        assert ("32.10",) in held(tmp_path / "n", "region_code")


def test_prerequisites_that_name_nothing_are_listed(cases: Path, tmp_path: Path) -> None:
    load(tmp_path, cases / "06-unknown-prerequisite-open" / "prereq.csv")
    (found,) = find_unknown(Dataset.open(tmp_path), RegionTable.load("indonesia"), ["courses"])
    assert (found.rows, found.of) == (3, 5)
    assert "LAS-102" in found.said
    assert "they stay closed" in found.said


def test_nan_is_not_known(cases: Path, tmp_path: Path) -> None:
    summary = load(tmp_path, cases / "08-json-nan" / "nan3.json")
    assert (summary.accepted, summary.rejected) == (1, 1)
    assert said(tmp_path) == {2: "title: is empty; provider_id: is empty"}
    assert held(tmp_path, "description", "region_code") == [(None, None)]


def test_thousands_of_minutes_are_refused(cases: Path, tmp_path: Path) -> None:
    load(tmp_path, cases / "10-duration-thousands" / "dur.csv", mapping="dur.toml")
    assert all("may be thousands or a fraction" in reason for reason in said(tmp_path).values())
    hours = [] if not (tmp_path / "dataset.toml").exists() else held(tmp_path, "duration_hours")
    assert all(hour is None or hour >= 1 for (hour,) in hours)


def test_the_structure_of_a_csv_is_read_or_named(cases: Path, tmp_path: Path) -> None:
    folder = cases / "11-csv-structure"
    assert load(tmp_path / "cr", folder / "cr_only.csv").accepted == 3
    with pytest.raises(SourceError, match="separator = "):
        load(tmp_path / "semicolon", folder / "semicolon.csv")
    load(tmp_path / "cp1252", folder / "cp1252.csv")
    assert all('encoding = "cp1252"' in reason for reason in said(tmp_path / "cp1252").values())


@pytest.mark.parametrize("name", ["page.json", "list.json"])
def test_pages_of_records_are_read(cases: Path, tmp_path: Path, name: str) -> None:
    load(tmp_path, cases / "12-json-envelope-nested" / name, "vacancies", "mapping.toml")
    assert held(tmp_path, "vacancy_id", "region_code", kind="vacancies") == [("p-1", "32.15")]


def test_an_id_that_no_address_can_hold_is_refused(cases: Path, tmp_path: Path) -> None:
    folder = cases / "15-slash-in-ids"
    load(tmp_path, folder / "courses.csv")
    assert held(tmp_path, "course_id") == [("TIK-2025-002",)]
    load(tmp_path, folder / "participants.csv", "participants")
    assert held(tmp_path, "participant_id", kind="participants") == [("DISNAKER-2025-0002",)]
