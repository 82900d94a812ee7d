"""What a table means is settled row by row: references, ids, texts and reasons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from training_data.importing.conversion import convert
from training_data.importing.importer import ImportResult, import_file, sort_rows
from training_data.importing.mapping import Mapping, MappingError
from training_data.importing.source import BROKEN_SCHEMA, Source, tidy
from training_data.regions import RegionTable

COURSE: dict[str, Any] = {
    "course_id": "a", "title": "Las", "provider_id": "LPK", "mode": "webinar", "price_idr": "0",
}  # fmt: skip
Sorter = Callable[..., ImportResult]


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


@pytest.fixture
def sort(regions: RegionTable) -> Sorter:
    """Sort rows of text by a mapping of our own columns, with what a test adds to it."""

    def sort_these(
        *rows: dict[str, str | None], kind: str = "courses", **mapping: Any
    ) -> ImportResult:
        raw = pl.DataFrame(rows, infer_schema_length=None).cast(pl.String)
        raw = tidy(raw)
        columns = {name: {"source": name} for name in raw.columns} | mapping.pop("columns", {})
        made = Mapping.model_validate({"name": "m", "kind": kind, **mapping, "columns": columns})
        return sort_rows(Source(raw, pl.DataFrame(schema=BROKEN_SCHEMA)), "f", made, regions)

    return sort_these


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Kab. Karawang", "32.15"), ("3215", "32.15"), ("32.15", "32.15"), ("32.1", "32.10"),
        ("33.2", "33.20"), ("Kota Bandung", "32.73"), ("Jaksel", "31.74"), ("Solo", "33.72"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["courses", "vacancies", "classes", "participants"])
def test_a_region_is_known_by_any_of_its_spellings(
    sort: Sorter, kind: str, written: str, code: str
) -> None:
    rows = {
        "courses": COURSE,
        "vacancies": {"vacancy_id": "v", "title": "Las", "openings": "1"},
        "classes": {
            "class_id": "k", "course_id": "a", "starts_on": "1/3/2026", "ends_on": "2/3/2026",
            "seats": "10", "seats_left": "10",
        },
        "participants": {"participant_id": "p", "profiling_opt_out": "tidak"},
    }  # fmt: skip
    named = sort({**rows[kind], "region_code": written}, kind=kind)
    assert named.accepted["region_code"].to_list() == [code]
    held = sort(rows[kind], kind=kind, constants={"region_code": written})
    assert held.accepted["region_code"].to_list() == [code]


def test_an_enumeration_beside_our_own_words(sort: Sorter) -> None:
    listed = {"level": {"Pemula": "beginner"}}
    for written, level in (("Pemula", "beginner"), ("Advanced", "advanced")):
        result = sort({**COURSE, "level": written}, enumerations=listed)
        assert result.accepted["level"].to_list() == [level]
    result = sort({**COURSE, "level": "Ahli"}, enumerations=listed)
    assert result.rejects["reason"].to_list() == ["level: the enumeration does not list Ahli"]


def test_items_parted_by_two_spaces_are_a_list(sort: Sorter) -> None:
    column = {"source": "skills", "parser": "list", "separator": "  "}
    result = sort(
        {**COURSE, "skills": " Data Analysis  Microsoft Excel   Las "}, columns={"skills": column}
    )
    assert result.accepted["skills"].to_list() == [["Data Analysis", "Microsoft Excel", "Las"]]


@pytest.mark.parametrize("written", ["9999", "31.7", "Kota Antah", "32.1.5", "0"])
def test_a_region_that_is_none_is_refused_even_as_a_constant(sort: Sorter, written: str) -> None:
    for result in (
        sort({**COURSE, "region_code": written}),
        sort(COURSE, constants={"region_code": written}),
    ):
        assert result.rejects["reason"].to_list() == [
            f"region_code: {written} is no region, or may be more than one"
        ]


@pytest.mark.parametrize("mark", ["-", " - ", "--", "", "?"])
def test_a_mark_in_the_place_of_a_province_is_no_province(sort: Sorter, mark: str) -> None:
    column = {"source": "region_code", "parser": "region", "province": "platform"}
    result = sort(
        {**COURSE, "region_code": "Kota Bandung", "platform": mark or None},
        columns={"region_code": column},
    )
    assert result.accepted["region_code"].to_list() == ["32.73"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("LPK-\n017", "LPK- 017"), ("LPK\t1", "LPK 1"), (" LPK\u00a01 ", "LPK 1"),
        ("LPK\u20281", "LPK 1"), ("LPK\r\n1", "LPK 1"),
    ],
)  # fmt: skip
def test_white_space_within_an_id_is_one_space(sort: Sorter, written: str, kept: str) -> None:
    assert sort({**COURSE, "course_id": written}).accepted["course_id"].to_list() == [kept]


@pytest.mark.parametrize("written", ["TIK/2025/1", "a\x00b", "a\x7f", ".", "..", "x" * 129])
def test_an_id_that_no_address_can_hold_is_refused(sort: Sorter, written: str) -> None:
    result = sort({**COURSE, "course_id": written}, COURSE)
    assert result.accepted["course_id"].to_list() == ["a"]
    assert result.rejects["columns"].to_list() == ["course_id"]


def test_other_characters_may_be_written_in_an_id(sort: Sorter) -> None:
    column = {"source": "course_id", "replace": {"/": "-"}}
    result = sort({**COURSE, "course_id": "TIK/2025/1"}, columns={"course_id": column})
    assert result.accepted["course_id"].to_list() == ["TIK-2025-1"]


@pytest.mark.parametrize(
    ("column", "written", "reason"),
    [
        ("skills", ",".join(f"s{n}" for n in range(101)), "skills: has more than 100 items"),
        (
            "interests",
            "x" * 221,
            "interests: holds an item that is too long (inner_max_length 200)",
        ),
        ("radius_km", "50000", "radius_km: is too large (max 20000.0)"),
        ("balance_idr", "9000000000000", "balance_idr: is too large (max 1000000000000)"),
        ("birth_year", "1899", "birth_year: is too small (min 1900)"),
        ("occupation", "x" * 201, "occupation: is too long (max_length 200)"),
        ("interests", '["a\\u0000b"]', "interests: holds an item with a control character"),
    ],
)
def test_a_person_beyond_what_the_service_takes_is_refused(
    sort: Sorter, column: str, written: str, reason: str
) -> None:
    person = {"participant_id": "p", "profiling_opt_out": "0", column: written}
    (said,) = sort(person, kind="participants").rejects["reason"]
    assert said.startswith(reason.partition(" (")[0])


def test_line_breaks_within_phrases_are_spaces(sort: Sorter) -> None:
    person = {
        "participant_id": "p", "profiling_opt_out": "0", "interests": '["memasak\\nkue", "las"]',
        "occupation": "juru\r\nlas",
    }  # fmt: skip
    accepted = sort(person, kind="participants").accepted
    assert accepted["interests"].to_list() == [["memasak kue", "las"]]
    assert accepted["occupation"].to_list() == ["juru las"]


@pytest.mark.parametrize("written", ["Webinar", "WEBINAR", " webinar "])
def test_a_value_is_known_whatever_its_case(sort: Sorter, written: str) -> None:
    assert sort({**COURSE, "mode": written}).accepted["mode"].to_list() == ["webinar"]
    assert sort({**COURSE, "mode": "In-Person"}).accepted["mode"].to_list() == ["in_person"]


def test_a_prefix_goes_before_each_item_of_a_list(sort: Sorter) -> None:
    column = {"source": "prerequisites", "parser": "list", "prefix": "lpk-"}
    result = sort({**COURSE, "prerequisites": '["101", "999"]'}, columns={"prerequisites": column})
    assert result.accepted["prerequisites"].to_list() == [["lpk-101", "lpk-999"]]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "<p>Belajar <b>las</b></p><ul><li>satu</li><li>dua</li></ul>",
            "Belajar las\n\nsatu\n\ndua",
        ),
        ("Kue &amp; kopi", "Kue & kopi"),
        ("Satu<br/>dua", "Satu\ndua"),
        ("<style>p{}</style><script>x()</script>Isi", "Isi"),
        ("a < b dan c > d, R&D", "a < b dan c > d, R&D"),
        ("baris satu\r\nbaris dua\x07", "baris satu\nbaris dua"),
    ],
)
def test_descriptions_are_what_a_browser_shows(sort: Sorter, written: str, read: str) -> None:
    result = sort({**COURSE, "description": written})
    assert result.accepted["description"].to_list() == [read]
    marked = written != read and "\r" not in written
    assert result.notes == (("description: HTML was taken out of 1 cells",) if marked else ())


def test_texts_that_mean_not_known_hold_for_every_column(sort: Sorter) -> None:
    row = {**COURSE, "category": "N/A", "region_code": "-", "duration_hours": "N/A"}
    result = sort(row, missing=["N/A", "-"])
    assert result.accepted.select("category", "region_code", "duration_hours").rows() == [
        (None, None, None)
    ]


def test_a_hash_leaves_out_what_is_stripped_and_what_is_missing(sort: Sorter) -> None:
    column = {
        "source": ["course_id", "platform"], "parser": "hash", "missing": ["N/A"], "strip": "#x",
    }  # fmt: skip
    rows = [
        {**COURSE, "course_id": "xabc", "platform": "N/A"},
        {**COURSE, "course_id": "abc", "platform": None},
        {**COURSE, "course_id": "N/A", "platform": "N/A"},
    ]
    result = sort(*rows, columns={"course_id": column})
    assert result.rejects["reason"].to_list() == [
        "course_id: is the same as in row 1, which is kept",
        "course_id: is empty",
    ]


def test_every_fault_of_a_row_is_told_once(sort: Sorter) -> None:
    row = {
        **COURSE, "title": None, "price_idr": "tanya", "mode": "surat", "duration_hours": "3000",
        "available_from": "2026-02-01", "available_until": "2026-01-01",
    }  # fmt: skip
    result = sort(
        row,
        columns={"price_idr": {"source": "price_idr", "parser": "price"}},
        enumerations={"mode": {"daring": "webinar"}},
    )
    (said,) = result.rejects["reason"]
    assert sorted(said.split("; ")) == [
        "dates_in_order: the end comes before the beginning",
        "duration_hours: is too large (max 2000.0)",
        "mode: the enumeration does not list surat",
        "price_idr: 'tanya' is not a price",
        "title: is empty",
    ]


def test_registration_that_ends_before_it_begins_is_told_in_words(sort: Sorter) -> None:
    row = {
        "class_id": "k", "course_id": "a", "starts_on": "2026-03-01", "ends_on": "2026-03-02",
        "seats": "10", "seats_left": "10", "registration_from": "2026-02-02",
        "registration_until": "2026-02-01",
    }  # fmt: skip
    (said,) = sort(row, kind="classes").rejects["reason"]
    assert said == "registration_in_order: registration ends before it begins"


@pytest.mark.parametrize(
    ("column", "parser"),
    [
        ("title", "price"), ("title", "list"), ("price_idr", "number"), ("price_idr", "region"),
        ("skills", "text"), ("available_from", "datetime"), ("mode", "hash"), ("needs_device", "date"),
    ],
)  # fmt: skip
def test_a_parser_that_does_not_give_what_the_column_holds_is_refused(
    sort: Sorter, column: str, parser: str
) -> None:
    with pytest.raises(ValueError, match=rf"columns\.{column}: parser = {parser} gives no"):
        sort(COURSE, columns={column: {"source": "title", "parser": parser}})


@pytest.mark.parametrize(
    "columns",
    [
        {"price_idr": {"source": "price_idr", "parser": "price", "discount": "p.diskon"}},
        {"region_code": {"source": "region_code", "parser": "region", "province": "p.prov"}},
        {"course_id": {"source": ["course_id", "p.kode"], "parser": "hash"}},
        {"title": {"source": ["title", "p.judul"]}},
        {"placement_rate": {"source": "p.rate", "parser": "percent"}},
    ],
)
def test_a_second_file_that_is_absent_leaves_its_columns_unknown(
    tmp_path: Path, regions: RegionTable, columns: dict[str, Any]
) -> None:
    path = tmp_path / "daftar.csv"
    row = {**COURSE, "region_code": "32.15"}
    pl.DataFrame([row]).write_csv(path)
    ours = {name: {"source": name} for name in row}
    mapping = Mapping.model_validate(
        {
            "name": "m", "kind": "courses", "columns": {**ours, **columns},
            "join": [{"name": "p", "file": "kedua*.csv", "on": "title", "to": "Nama"}],
        }
    )  # fmt: skip
    result = import_file(path, "courses", mapping, regions)
    assert result.accepted["region_code"].to_list() == ["32.15"]
    assert result.notes == ("no file beside it fits 'kedua*.csv': p.* is not known",)


def test_columns_that_no_key_uses_are_named(regions: RegionTable) -> None:
    raw = pl.DataFrame([{**COURSE, "catatan": "x", "kosong": None}]).cast(pl.String)
    mapping = Mapping.model_validate(
        {"name": "m", "kind": "courses", "columns": {name: {"source": name} for name in COURSE}}
    )
    source = Source(raw, pl.DataFrame(schema=BROKEN_SCHEMA))
    assert sort_rows(source, "f", mapping, regions).notes == ("columns that no key uses: catatan",)
    assert convert(raw, mapping, regions).notes == []


def test_a_header_further_down_is_named_with_its_key(tmp_path: Path, regions: RegionTable) -> None:
    path = tmp_path / "daftar.csv"
    path.write_text("Balai,,,,\n,,,,\n" + ",".join(COURSE) + "\n" + ",".join(COURSE.values()))
    with pytest.raises(MappingError, match="skip_rows = 2"):
        import_file(path, "courses", None, regions)


def test_the_district_of_a_participant_says_where_they_live(sort: Sorter) -> None:
    person = {"profiling_opt_out": "tidak", "latitude": None, "longitude": None}
    named = "Kec. Leihitu, Maluku Tengah"
    rows = [
        person | {"participant_id": "1", "region_code": named},
        person | {"participant_id": "2", "region_code": "Maluku Tengah"},
        {
            **person,
            "participant_id": "3",
            "region_code": named,
            "latitude": "-3.3",
            "longitude": "128.9",
        },
    ]
    accepted = sort(*rows, kind="participants").accepted
    assert accepted.select("region_code", "latitude", "longitude").rows() == [
        ("81.01", -3.6223, 128.095),
        ("81.01", None, None),
        ("81.01", -3.3, 128.9),
    ]
    course = sort({**COURSE, "region_code": named}).accepted
    assert course["latitude"].to_list() == [None]
