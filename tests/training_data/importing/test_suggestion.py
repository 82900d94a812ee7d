"""The first mapping of a file is a mapping, knows most columns, and says where it guesses."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.training_data.importing.test_own_files import SHIPPED, lay_out
from training_data.importing.importer import import_file
from training_data.importing.mapping import Kind, Mapping, load_mapping, shipped_mappings
from training_data.importing.suggestion import suggest_mapping
from training_data.regions import RegionTable

LIST = """Daftar Pelatihan LPK;;;;;
Kode;Nama Pelatihan;Metode;Biaya;Durasi;Kab/Kota;Penyelenggara;Catatan
K01;Menjahit Tas;Tatap Muka;Rp1.250.000,-;40 JP;Kab. Bandung;LPK Contoh;x
K02;Jualan Daring;Daring;gratis;2 jam;Kota Bandung;LPK Contoh;
K03;Merakit Café;Surat;Rp 75.000;30 JP;Solo;LPK Contoh;
"""


# Real files that no shipped mapping is for, and what a person would take each of our columns from.
READ_BY_HAND: dict[tuple[str, Kind], dict[str, str]] = {
    ("catalogue/course.csv", "courses"): {
        "course_id": "course_id", "title": "course_name", "level": "course_level_str",
        "duration_hours": "hours_to_study",
    },
    ("interactions/mars/items_en.csv", "courses"): {
        "course_id": "item_id", "title": "name", "description": "description", "language": "language",
        "duration_hours": "duration", "level": "Difficulty", "category": "Theme",
    },
    ("interactions/mars/users_en.csv", "participants"): {"participant_id": "user_id", "occupation": "job"},
    ("interactions/mars/explicit_ratings_en.csv", "interactions"): {
        "participant_id": "user_id", "course_id": "item_id", "at": "created_at", "value": "rating",
    },
    ("interactions/mars/implicit_ratings_en.csv", "interactions"): {
        "participant_id": "user_id", "course_id": "item_id", "at": "created_at",
    },
    ("interactions/oulad/studentInfo.csv", "participants"): {
        "participant_id": "id_student", "gender": "gender", "education": "highest_education",
        "disability": "disability",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


def suggest(path: Path, kind: Kind, regions: RegionTable, folder: Path) -> Mapping:
    file = folder / "suggested.toml"
    file.write_text(suggest_mapping(path, kind, regions), encoding="utf-8")
    return load_mapping(file)


def test_hours_of_teaching_and_a_header_with_dots(tmp_path: Path, regions: RegionTable) -> None:
    path = tmp_path / "lpk.csv"
    path.write_text("Nama Pelatihan,Lama (JP),Biaya (Rp.)\nMenjahit,240,gratis\n", encoding="utf-8")
    columns = suggest(path, "courses", regions, tmp_path).columns
    assert columns["duration_hours"].parser == "duration_jp"
    assert columns["price_idr"].source == ("Biaya (Rp.)",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_list_as_excel_saves_it_needs_one_word_from_a_person(
    tmp_path: Path, regions: RegionTable, encoding: str
) -> None:
    path = tmp_path / "daftar.csv"
    path.write_bytes(LIST.encode(encoding))
    mapping = suggest(path, "courses", regions, tmp_path)
    assert (mapping.separator, mapping.skip_rows) == (";", 1)
    accepted = import_file(path, "courses", mapping, regions).accepted
    columns = ["course_id", "title", "mode", "price_idr", "duration_hours", "region_code"]
    assert accepted.select(columns).rows() == [
        ("K01", "Menjahit Tas", "in_person", 1_250_000, 30, "32.04"),
        ("K02", "Jualan Daring", "webinar", 0, 2, "32.73"),
    ]
    text = suggest_mapping(path, "courses", regions)
    assert '"Surat" = ""   # ? one of self_paced, webinar, in_person, hybrid' in text
    assert "# not used: Catatan" in text


def test_what_no_column_gives_is_a_doubt(tmp_path: Path, regions: RegionTable) -> None:
    path = tmp_path / "lpk.csv"
    path.write_text("judul,harga\nLas,1000\nKue,2000\n")
    mapping = suggest(path, "courses", regions, tmp_path)
    assert mapping.columns["course_id"].parser == "hash"
    assert mapping.constants == {"provider_id": "lpk", "mode": "webinar"}
    assert import_file(path, "courses", mapping, regions).accepted.height == 2


def _compare(suggested: Mapping, written: Mapping) -> Iterator[bool]:
    """Yield for each column of a mapping written by hand whether the suggested one has its source."""
    beside = tuple(f"{join.name}." for join in written.join)
    for target, column in written.columns.items():
        if not any(beside and source.startswith(beside) for source in column.source):
            found = suggested.columns.get(target)
            yield found is not None and bool(set(found.source) & set(column.source))


def test_most_columns_of_known_sources_are_found(tmp_path: Path, regions: RegionTable) -> None:
    right: list[bool] = []
    for source, (kind, _) in SHIPPED.items():
        suggested = suggest(lay_out(source, tmp_path), kind, regions, tmp_path)
        right += _compare(suggested, load_mapping(source))
    assert sum(right) / len(right) >= 0.8


def test_most_columns_of_the_real_sources_are_found(
    shared_data: Path, tmp_path: Path, regions: RegionTable
) -> None:
    files = [path for path in shared_data.rglob("*") if path.is_file()]
    right: list[bool] = []
    for mapping in shipped_mappings():
        named = [
            path
            for path in files
            if any(fnmatch(path.name.lower(), one.lower()) for one in mapping.match.files)
        ]
        suggested = suggest(named[0], mapping.kind, regions, tmp_path)
        right += _compare(suggested, mapping)
    for (name, kind), columns in READ_BY_HAND.items():
        suggested = suggest(shared_data / name, kind, regions, tmp_path)
        found = {target: column.source for target, column in suggested.columns.items()}
        right += [found.get(target) == (source,) for target, source in columns.items()]
    assert sum(right) / len(right) >= 0.8
