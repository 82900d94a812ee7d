"""The shipped mappings of vacancies: on a few written rows, and on the real files where present."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_data.dataset import Dataset
from training_data.importing.importer import ImportResult, import_file
from training_data.importing.pipeline import import_into
from training_data.regions import RegionTable

# File, its mapping, rows read, rows accepted; the rest are listed with their reason.
SOURCES = {
    "jobstreet_alterra_7617.csv": ("vacancies-jobstreet", 7617, 7533),
    "lowongan_latlon_kiora_1221.csv": ("vacancies-kiora", 1221, 1218),
    "maganghub_posisi_luthfan05.csv": ("vacancies-maganghub-csv", 14642, 14642),
    "maganghub_semua_lowongan_2026.xlsx": ("vacancies-maganghub-xlsx", 19269, 19251),
}


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


@pytest.mark.parametrize("name", SOURCES)
def test_places_of_the_real_files_resolve(
    name: str, shared_data: Path, regions: RegionTable
) -> None:
    mapping, read, accepted = SOURCES[name]
    result = import_file(shared_data / "vacancies" / name, "vacancies", None, regions)
    assert (result.mapping, result.read, result.accepted.height) == (mapping, read, accepted)
    unresolved = result.rejects.filter(result.rejects["columns"] == "region_code").height
    assert 1 - unresolved / read >= 0.97


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_whose_place_is_unknown_is_listed_and_nowhere_in_particular_is_kept(
    tmp_path: Path, regions: RegionTable
) -> None:
    path = write(
        tmp_path,
        "ads.csv",
        "Title,Perusahaan,Kategori,Lokasi,Skills\n"
        'Kasir,Toko A,Umum,KOTA SURABAYA,"Kasir, Jualan"\n'
        "Kurir,Toko B,Umum,Remote,Antar\n"
        "Kurir,Toko B,Umum,Atlantis,Antar\n",
    )
    result: ImportResult = import_file(path, "vacancies", None, regions)
    assert result.mapping == "vacancies-kiora"
    assert result.accepted["region_code"].to_list() == ["35.78", None]
    assert result.accepted["skills"].to_list() == [["Kasir", "Jualan"], ["Antar"]]
    assert result.accepted["openings"].to_list() == [1, 1]
    assert result.rejects["reason"].to_list() == [
        "region_code: Atlantis is no region, or may be more than one"
    ]


def test_importing_makes_the_table_of_a_dataset(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "positions.csv",
        "id_posisi,posisi,jumlah_kuota,jumlah_terdaftar,nama_kabupaten,nama_provinsi\n"
        "a,Analis Data,4,9,KOTA ADM. JAKARTA PUSAT,DKI JAKARTA\n"
        "b,Juru Masak,2,1,KAB. BANDUNG,JAWA BARAT\n",
    )
    summary = import_into(tmp_path / "data", "vacancies", [path])
    assert (summary.read, summary.accepted, summary.rejected) == (2, 2, 0)
    vacancies = Dataset.open(tmp_path / "data").read("vacancies")
    assert vacancies["region_code"].to_list() == ["31.71", "32.04"]
    assert vacancies["openings"].to_list() == [4, 2]
    assert vacancies["applicants"].to_list() == [9, 1]
