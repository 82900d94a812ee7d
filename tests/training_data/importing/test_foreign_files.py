"""Lists in the form of others, each with a mapping of under 20 lines as docs/import.md tells to write one.

Titles and texts are made up; the headers, the values and the dirt are as in reality.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.training_data.importing.workbooks import write_workbook
from training_data.importing.importer import ImportResult, import_file
from training_data.importing.mapping import load_mapping
from training_data.regions import RegionTable

EDX = (
    "edx.csv",
    """Name,University,Difficulty Level,Link,About,Course Description
Welding Basics,Example University,Introductory,http://x.y/w,Join two plates.,<p>Safety &amp; seams</p>
"Data, Tables and You",Example Institute,Advanced,http://x.y/d,,"Line one
line two"
Welding Basics,Example University,Introductory,http://x.y/w,Join two plates.,Twice in the list
,Example University,Intermediate,http://x.y/x,No name,None
""",
    """kind = "courses"
[columns]
course_id = { source = ["Name", "University"], parser = "hash", prefix = "edx-" }
title = "Name"
provider_id = "University"
level = "Difficulty Level"
description = { source = ["About", "Course Description"], join = "\\n" }
[constants]
mode = "self_paced"
language = "en"
price_idr = "0"
[enumerations.level]
Introductory = "beginner"
Intermediate = "intermediate"
Advanced = "advanced"
""",
)
UDEMY = (
    "udemy.csv",
    """course_id,course_title,url,is_paid,price,users,avg_rating,num_reviews,level,duration,published,subject,owner
101,Sell Online,http://x.y/1,True,24.99,10,4.55,3,Beginner Level,1.5 hrs,2017-01-18T20:58Z,Business,A. Person
102,Guitar for All,http://x.y/2,False,Free,5,,0,All Levels,45 mins,2016-05-01T00:00Z,Music,B. Person
103,Cheap Trick,http://x.y/3,True,"$1,250.00",5,3.9,2,Expert Level,2 hours,2016-05-01T00:00Z,Business,B. Person
104,No Level Known,http://x.y/4,True,20,5,6.1,2,Wizard Level,2 hours,2016-05-01T00:00Z,Business,B. Person
""",
    """kind = "courses"
[columns]
course_id = { source = "course_id", prefix = "udemy-" }
title = "course_title"
provider_id = "owner"
category = "subject"
level = "level"
price_idr = { source = "price", parser = "price", times = 16000, strip = "$" }
duration_hours = { source = "duration", parser = "duration_hours" }
available_from = { source = "published", parser = "date" }
rating_mean = "avg_rating"
rating_count = "num_reviews"
[constants]
mode = "self_paced"
[enumerations.level]
"Beginner Level" = "beginner"
"Expert Level" = "advanced"
"All Levels" = ""
""",
)
LPK = (
    "daftar.xlsx.json",
    json.dumps(
        {
            "Daftar": {
                "merged": ["A1:G1"],
                "rows": [
                    ["LPK CONTOH MANDIRI - DAFTAR PELATIHAN 2026"],
                    [],
                    ["No", "Nama Pelatihan", "Metode", "Biaya (Rp)", "Lama", "Kabupaten", "Mulai"],
                    [1, "Las Listrik", "Luring", 1250000, "80 JP", "Kab. Karawang", {"date": "2026-03-01"}],
                    [2, "Barista", "Luring", "Rp 750.000,-", "16 jam", "Solo", "15 Pebruari 2026"],
                    [3, "Jualan", "Daring", "GRATIS", "6 jam", "-", None],
                    [4, "Tata\nRias", "luring", 500000.0, 12, "3215", "01/04/2026"],
                    [5, "Menjahit", "Luring", "nego", "40 JP", "Solo", None],
                    [None, "Catatan: harga dapat berubah", None, None, None, None, None],
                ],
            }
        }
    ),
    """kind = "courses"
skip_rows = 2
missing = ["-"]
[columns]
course_id = { source = "No", prefix = "lpk-" }
title = "Nama Pelatihan"
mode = "Metode"
price_idr = { source = "Biaya (Rp)", parser = "price" }
duration_hours = { source = "Lama", parser = "duration_hours" }
region_code = "Kabupaten"
available_from = "Mulai"
[constants]
provider_id = "LPK Contoh Mandiri"
language = "id"
[enumerations.mode]
Luring = "in_person"
Daring = "webinar"
""",
)  # fmt: skip
MAGANGHUB = (
    "page-1.json",
    json.dumps(
        {
            "data": [
                {
                    "id_posisi": f"p-{number}", "posisi": title, "jumlah_kuota": seats, "jumlah_terdaftar": 4,
                    "program_studi": json.dumps([{"value": 1, "title": "Teknik"}]),
                    "perusahaan": {"nama_perusahaan": "PT Contoh", "nama_kabupaten": place,
                                   "nama_provinsi": province, "alamat": None},
                    "jadwal": {"tanggal_mulai": "2026-03-01"}, "deskripsi_posisi": "<p>Membantu &amp; belajar</p>",
                }
                for number, title, seats, place, province in [
                    (1, "Tukang Las", 3, "KAB. KARAWANG", "JAWA BARAT"),
                    (2, "Admin", 2, "KOTA ADM. JAKARTA PUSAT", "DKI JAKARTA"),
                    (3, "Juru Masak", None, "KOTA ANTAH", "JAWA BARAT"),
                ]
            ],
            "meta": {"pagination": {"total": 3, "links": []}},
        }
    ),
    """kind = "vacancies"
[columns]
vacancy_id = "id_posisi"
title = "posisi"
description = "deskripsi_posisi"
openings = "jumlah_kuota"
applicants = "jumlah_terdaftar"
posted_on = "jadwal.tanggal_mulai"
region_code = { source = "perusahaan.nama_kabupaten", parser = "region", province = "perusahaan.nama_provinsi" }
""",
)  # fmt: skip


def read(tmp_path: Path, source: tuple[str, str, str]) -> ImportResult:
    name, content, mapping = source
    assert len(mapping.splitlines()) < 20
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    if name.endswith(".xlsx.json"):
        path = write_workbook(path, tmp_path)
    (tmp_path / "own.toml").write_text(mapping, encoding="utf-8")
    chosen = load_mapping(tmp_path / "own.toml")
    return import_file(path, chosen.kind, chosen, RegionTable.load("indonesia"))


def rejected(result: ImportResult) -> dict[int, str]:
    assert result.read == result.accepted.height + result.rejects.height
    return dict(result.rejects.select("row", "reason").iter_rows())


def test_a_list_like_that_of_edx(tmp_path: Path) -> None:
    result = read(tmp_path, EDX)
    assert rejected(result) == {
        3: "course_id: is the same as in row 1, which is kept",
        4: "title: is empty",
    }
    assert result.accepted.select("title", "level", "description").rows() == [
        ("Welding Basics", "beginner", "Join two plates.\n\nSafety & seams"),
        ("Data, Tables and You", "advanced", "Line one\nline two"),
    ]


def test_a_list_like_that_of_udemy(tmp_path: Path) -> None:
    result = read(tmp_path, UDEMY)
    assert set(rejected(result)) == {4}
    assert "level: the enumeration does not list Wizard Level" in rejected(result)[4]
    assert "rating_mean: is too large" in rejected(result)[4]
    columns = ["course_id", "price_idr", "level", "duration_hours", "rating_mean"]
    assert result.accepted.select(columns).rows() == [
        ("udemy-101", 399_840, "beginner", 1.5, 4.55),
        ("udemy-102", 0, None, 0.75, None),
        ("udemy-103", 20_000_000, "advanced", 2.0, 3.9),
    ]


def test_an_excel_list_of_a_training_centre(tmp_path: Path) -> None:
    result = read(tmp_path, LPK)
    said = rejected(result)
    assert set(said) == {5, 6}
    assert said[5] == "price_idr: 'nego' is not a price"
    assert result.accepted.select(
        "course_id", "title", "mode", "price_idr", "duration_hours", "region_code",
        pl.col("available_from").cast(pl.String),
    ).rows() == [
        ("lpk-1", "Las Listrik", "in_person", 1_250_000, 60.0, "32.15", "2026-03-01"),
        ("lpk-2", "Barista", "in_person", 750_000, 16.0, "33.72", "2026-02-15"),
        ("lpk-3", "Jualan", "webinar", 0, 6.0, None, None),
        ("lpk-4", "Tata Rias", "in_person", 500_000, 12.0, "32.15", "2026-04-01"),
    ]  # fmt: skip


def test_pages_of_maganghub(tmp_path: Path) -> None:
    result = read(tmp_path, MAGANGHUB)
    assert set(rejected(result)) == {3}
    assert "KOTA ANTAH" in rejected(result)[3]
    assert "openings: is empty" in rejected(result)[3]
    columns = ["vacancy_id", "description", "openings", "applicants", "region_code"]
    assert result.accepted.select(columns).rows() == [
        ("p-1", "Membantu & belajar", 3, 4, "32.15"),
        ("p-2", "Membantu & belajar", 2, 4, "31.71"),
    ]


@pytest.mark.parametrize(
    ("written", "price"),
    [("24.99", 399_840), ("24,99", 399_840), ("free", 0), ("0", 0), ("1,250.00", 20_000_000)],
)
def test_a_price_of_another_currency_becomes_whole_units_of_ours(
    tmp_path: Path, written: str, price: int
) -> None:
    name, _, mapping = UDEMY
    content = (
        UDEMY[1].splitlines()[0]
        + f'\n1,T,u,True,"{written}",1,4,1,All Levels,1 hour,2017-01-01,S,P\n'
    )
    assert read(tmp_path, (name, content, mapping)).accepted["price_idr"].to_list() == [price]


@pytest.mark.parametrize("written", ["1,250", "-3", "about 20", "1e400", "inf", "999999999999"])
def test_a_price_of_another_currency_that_is_none_is_refused(tmp_path: Path, written: str) -> None:
    name, _, mapping = UDEMY
    content = (
        UDEMY[1].splitlines()[0]
        + f'\n1,T,u,True,"{written}",1,4,1,All Levels,1 hour,2017-01-01,S,P\n'
    )
    assert "price_idr" in rejected(read(tmp_path, (name, content, mapping)))[1]
