"""JSON, workbooks and Parquet: a typed value stays what it is, whatever its text could be taken for."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.training_data.importing.workbooks import write_workbook
from training_data.importing.importer import ImportResult, import_file
from training_data.importing.mapping import Mapping
from training_data.importing.reading import read_source
from training_data.importing.source import SourceError
from training_data.regions import RegionTable

NAN = float("nan")
ROW: dict[str, Any] = {
    "course_id": "a", "title": "Las", "provider_id": "LPK", "mode": "webinar", "price_idr": 1000,
}  # fmt: skip
FORMATS = ("json", "jsonl", "xlsx", "parquet")
VACANCIES = Mapping.model_validate(
    {
        "name": "halaman",
        "kind": "vacancies",
        "columns": {
            "vacancy_id": "id",
            "title": "posisi",
            "openings": "kuota",
            "region_code": {
                "source": "tempat.kabupaten",
                "parser": "region",
                "province": "tempat.provinsi",
            },
        },
    }
)
VACANCY = {
    "id": "p-1", "posisi": "Tukang Las", "kuota": 3,
    "tempat": {"kabupaten": "KAB. KARAWANG", "provinsi": "JAWA BARAT"},
}  # fmt: skip


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


def write(folder: Path, form: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"rows.{form}"
    names = list(dict.fromkeys(name for row in rows for name in row))
    if form == "json":
        path.write_text(json.dumps(rows))
    elif form == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif form == "parquet":
        pl.DataFrame(rows, strict=False, infer_schema_length=None).write_parquet(path)
    else:
        cells = [[_cell(row.get(name)) for name in names] for row in rows]
        (folder / "rows.xlsx.json").write_text(
            json.dumps({"Data": {"merged": [], "rows": [names, *cells]}})
        )
        return write_workbook(folder / "rows.xlsx.json", folder)
    return path


def _cell(value: object) -> object:
    return None if isinstance(value, float) and value != value else value


def bring_in(folder: Path, form: str, regions: RegionTable, *rows: dict[str, Any]) -> ImportResult:
    return import_file(
        write(folder, form, [{**ROW, **row} for row in rows]), "courses", None, regions
    )


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("column", "typed", "value"),
    [
        ("course_id", 1.0, "1"),
        ("course_id", 102, "102"),
        ("price_idr", 150_125.0, 150_125),
        ("rating_mean", 4.125, 4.125),
        ("rating_mean", 4.5, 4.5),
        ("duration_hours", 1.125, 1.125),
        ("region_code", 32.1, "32.10"),
        ("region_code", 32.15, "32.15"),
        ("region_code", 3215, "32.15"),
        ("latitude", -6.125, -6.125),
        ("needs_device", True, True),
    ],
)
def test_a_typed_value_keeps_its_meaning(
    tmp_path: Path, regions: RegionTable, form: str, column: str, typed: object, value: object
) -> None:
    result = bring_in(tmp_path, form, regions, {column: typed})
    assert result.accepted[column].to_list() == [value]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("price", [150.125, 99.5, 0.5, 1250.125])
def test_a_number_with_decimals_is_no_price_in_thousands(
    tmp_path: Path, regions: RegionTable, form: str, price: float
) -> None:
    result = bring_in(tmp_path, form, regions, {"price_idr": price})
    assert result.accepted.is_empty()
    assert result.rejects["columns"].to_list() == ["price_idr"]


@pytest.mark.parametrize("form", ["json", "jsonl", "parquet"])
@pytest.mark.parametrize(
    "column", ["title", "provider_id", "description", "region_code", "platform"]
)
def test_nan_is_not_known(tmp_path: Path, regions: RegionTable, form: str, column: str) -> None:
    result = bring_in(tmp_path, form, regions, {column: NAN})
    if column in ("title", "provider_id"):
        assert result.rejects["reason"].to_list() == [f"{column}: is empty"]
    else:
        assert result.accepted[column].to_list() == [None]


def test_dates_of_parquet_and_moments_with_a_zone_are_read(
    tmp_path: Path, regions: RegionTable
) -> None:
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {
            "event_id": ["e"], "participant_id": ["p"], "course_id": ["c"], "kind": ["Click"],
            "at": [dt.datetime(2026, 3, 1, 1, tzinfo=dt.UTC)],
        }
    ).with_columns(pl.col("at").dt.convert_time_zone("Asia/Jakarta")).write_parquet(path)  # fmt: skip
    result = import_file(path, "interactions", None, regions)
    assert result.accepted["at"].to_list() == [dt.datetime(2026, 3, 1, 1, tzinfo=dt.UTC)]
    assert result.accepted["kind"].to_list() == ["click"]


@pytest.mark.parametrize(
    "envelope",
    [
        [VACANCY],
        {"data": [VACANCY], "meta": {"pagination": {"total": 1, "pages": [1]}}},
        {"status": "ok", "result": {"items": [VACANCY]}},
        {"data": {"rows": [VACANCY], "facets": ["a", "b"]}},
        {"kosong": [], "data": [VACANCY]},
        {"a": {"b": {"c": {"d": [VACANCY]}}}},
    ],
)
def test_records_within_an_envelope_are_found(
    tmp_path: Path, regions: RegionTable, envelope: object
) -> None:
    path = tmp_path / "page.json"
    path.write_text(json.dumps(envelope))
    accepted = import_file(path, "vacancies", VACANCIES, regions).accepted
    assert accepted.select("vacancy_id", "openings", "region_code").rows() == [("p-1", 3, "32.15")]


def test_of_two_lists_the_one_named_is_read(tmp_path: Path, regions: RegionTable) -> None:
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"iklan": [{"teks": "x"}], "isi": {"data": [VACANCY]}}))
    with pytest.raises(SourceError, match=r'iklan, isi\.data: records = "iklan"'):
        import_file(path, "vacancies", VACANCIES, regions)
    named = VACANCIES.model_copy(update={"records": "isi.data"})
    assert import_file(path, "vacancies", named, regions).accepted.height == 1
    with pytest.raises(SourceError, match="no list at records = 'isi'"):
        import_file(path, "vacancies", VACANCIES.model_copy(update={"records": "isi"}), regions)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "line 2 is not JSON"),
        ("5", "is no object"),
        ('{"judul": "\\ud800"}', "holds half a character (a lone surrogate)"),
        ("[" * 100_000, "line 2 is not JSON"),
        ('{"judul": "a" "b"}', "line 2 is not JSON"),
    ],
)
def test_a_line_that_is_no_record_is_set_aside(tmp_path: Path, bad: str, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"judul": "Las"}}\n{bad}\n\n{{"judul": "Kue"}}\n')
    source = read_source(path)
    assert source.table["judul"].to_list() == ["Las", None, "Kue"]
    assert source.broken.select("row", "reason").rows() == [(1, reason)]


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = write(tmp_path, "xlsx", [ROW])
    mapping = VACANCIES.model_copy(update={"sheet": "Jadwal"})
    with pytest.raises(SourceError, match="no sheet 'Jadwal'; its sheets are Data"):
        read_source(path, mapping)


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.parquet", "rows.json", "rows.jsonl"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xff\xfe\x00", b"<html></html>"])
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=name):
        read_source(path)


def test_a_field_of_a_list_of_objects_is_a_list(tmp_path: Path) -> None:
    records = [
        {"course_id": "1", "title": "Las", "s": [{"title": "las"}, {"title": "gerinda", "x": 1}]},
        {"course_id": "2", "title": "Jahit", "s": []},
    ]
    result = bring_in_records(tmp_path, records, "s.title")
    assert result.accepted["skills"].to_list() == [["las", "gerinda"], []]
    refused = bring_in_records(tmp_path, records, "s").rejects["reason"].to_list()
    assert len(refused) == 1
    assert refused[0].endswith("is a list of objects; name one of their fields after a dot")


def bring_in_records(tmp_path: Path, records: list[dict[str, Any]], skills: str) -> ImportResult:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    mapping = Mapping.model_validate(
        {
            "name": "m",
            "kind": "courses",
            "columns": {"course_id": "course_id", "title": "title", "skills": skills},
            "constants": {"provider_id": "LPK", "mode": "webinar", "price_idr": "0"},
        }
    )
    return import_file(path, "courses", mapping, RegionTable.load("indonesia"))
