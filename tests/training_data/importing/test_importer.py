"""Every row of a source ends as accepted or as rejected with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_data.columns import Courses
from training_data.importing import importer
from training_data.importing.importer import AccountingError, ImportResult, import_file, sort_rows
from training_data.importing.mapping import Mapping, MappingError
from training_data.importing.source import BROKEN_SCHEMA, Source, SourceError
from training_data.regions import RegionTable

MAPPING = Mapping.model_validate(
    {
        "name": "messy",
        "kind": "courses",
        "columns": {
            "course_id": "id",
            "title": {"source": ["title", "subtitle"], "join": ": "},
            "provider_id": {"source": "lp", "parser": "name"},
            "mode": "how",
            "price_idr": {"source": "price", "parser": "price", "discount": "off"},
            "duration_hours": {"source": "jp", "parser": "duration_jp"},
            "region_code": {"source": "place", "parser": "region"},
            "skills": {"source": "skills", "separator": ";", "parser": "list"},
        },
        "enumerations": {"mode": {"Tatap  Muka": "in_person", "webinar": "webinar"}},
        "assumptions": {"price_idr": {"Berbayar": "150000", "": "0"}},
    }
)
GOOD = {
    "id": "a", "title": "Las", "subtitle": None, "lp": "LPK Maju", "how": "tatap muka",
    "price": "Rp 250.000", "off": "50%", "jp": "40", "place": "Kab. Karawang",
    "skills": "las; listrik",
}  # fmt: skip


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


def sort(
    regions: RegionTable, *changes: dict[str, str | None], mapping: Mapping = MAPPING
) -> ImportResult:
    rows = [{**GOOD, "id": f"c{number}", **change} for number, change in enumerate(changes)]
    raw = pl.DataFrame(rows, schema=dict.fromkeys(GOOD, pl.String))
    source = Source(raw, pl.DataFrame(schema=BROKEN_SCHEMA))
    return sort_rows(source, "messy.csv", mapping, regions)


def test_a_good_row_becomes_a_course(regions: RegionTable) -> None:
    course = sort(regions, {"subtitle": "Dasar"}).accepted.row(0, named=True)
    assert course["title"] == "Las: Dasar"
    assert course["mode"] == "in_person"
    assert course["price_idr"] == 250_000
    assert course["duration_hours"] == 30
    assert course["region_code"] == "32.15"
    assert course["skills"] == ["las", "listrik"]
    assert course["prerequisites"] == []


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"price": "tanya dulu"}, "price_idr", "not a price"),
        ({"price": "500 juta"}, "price_idr", "too large (max 100000000)"),
        ({"price": "Gratis"}, "price_idr", "free, but the discount is 50%"),
        ({"off": "100%"}, "price_idr", "beside a discount of 100%"),
        ({"off": "murah"}, "price_idr", "murah"),
        ({"how": "surat"}, "mode", "does not list surat"),
        ({"how": None}, "mode", "is empty"),
        ({"title": None}, "title", "is empty"),
        ({"jp": "0"}, "duration_hours", "too small"),
        ({"place": "Atlantis"}, "region_code", "Atlantis is no region"),
        ({"id": "c0"}, "course_id", "same as in row 1"),
    ],
)
def test_a_bad_row_says_what_is_wrong(
    regions: RegionTable, change: dict[str, str | None], column: str, reason: str
) -> None:
    result = sort(regions, {}, change)
    assert result.accepted["course_id"].to_list() == ["c0"]
    (reject,) = result.rejects.rows(named=True)
    assert (reject["row"], reject["columns"], reject["source"]) == (2, column, "messy.csv")
    assert reason in reject["reason"]
    expected = {**GOOD, "id": "c1", **change}
    assert json.loads(reject["raw"]) == expected


def test_all_reasons_of_a_row_stand_in_one_line(regions: RegionTable) -> None:
    (reject,) = sort(regions, {"price": "?", "how": "surat"}).rejects.rows(named=True)
    assert set(reject["columns"].split(", ")) == {"price_idr", "mode"}


def test_assumptions_are_counted_on_accepted_rows(regions: RegionTable) -> None:
    result = sort(
        regions, {"price": "berbayar"}, {"price": None, "off": None}, {"price": None, "how": "?"}
    )
    assert result.accepted["price_idr"].to_list() == [150_000, 0]
    assert result.assumed == {"price_idr": 2}


def test_names_take_their_first_spelling(regions: RegionTable) -> None:
    result = sort(regions, {"lp": "Kita Kompeten"}, {"lp": "KITA  KOMPETEN"})
    assert result.accepted["provider_id"].to_list() == ["Kita Kompeten"] * 2


def test_of_doubled_keys_the_row_that_can_be_used_is_kept(regions: RegionTable) -> None:
    result = sort(
        regions, {"id": "x", "price": "?"}, {"id": "x", "title": "2"}, {"id": "x", "title": "3"}
    )
    assert result.accepted["title"].to_list() == ["2"]
    last = MAPPING.model_copy(update={"keep": "last"})
    result = sort(regions, {"id": "x", "title": "1"}, {"id": "x", "title": "2"}, mapping=last)
    assert result.accepted["title"].to_list() == ["2"]
    assert "row 2" in result.rejects["reason"][0]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": st.sampled_from(["a", "b", "c", None]),
                "title": st.none() | st.text(max_size=4),
                "how": st.sampled_from(["tatap muka", "WEBINAR", "?", None]),
                "price": st.sampled_from(
                    ["Gratis", "Rp 1250.000", "-1", "Berbayar", "900 juta", None]
                ),
                "off": st.sampled_from(["100%", "50%", "-", "abc", None]),
                "jp": st.none() | st.text("0123456789.,jp ", max_size=5),
            }
        ),
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost(regions: RegionTable, rows: list[dict[str, str | None]]) -> None:
    result = sort(regions, *rows)
    assert result.accepted.height + result.rejects.height == result.read == len(rows)
    assert result.rejects["row"].is_unique().all()
    assert (result.rejects["reason"].str.len_chars() > 0).all()
    assert Courses.is_valid(result.accepted)


def test_accounts_that_do_not_add_up_raise(
    regions: RegionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejects = importer._rejects
    monkeypatch.setattr(importer, "_rejects", lambda *args: rejects(*args).clear())
    with pytest.raises(AccountingError, match=r"messy\.csv"):
        sort(regions, {"price": "?"})


def test_our_own_columns_need_no_mapping(regions: RegionTable, tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(
        'course_id,title,provider_id,mode,price_idr,skills\nx,Las,LPK,webinar,5000,"a,b"\n'
    )
    result = import_file(path, "courses", None, regions)
    assert result.mapping == "contract"
    assert result.accepted["skills"].to_list() == [["a", "b"]]


def test_a_file_in_every_format_gives_the_same_rows(regions: RegionTable, tmp_path: Path) -> None:
    rows = pl.DataFrame([GOOD], schema=dict.fromkeys(GOOD, pl.String))
    rows.write_csv(tmp_path / "rows.csv")
    rows.write_json(tmp_path / "rows.json")
    rows.write_ndjson(tmp_path / "rows.jsonl")
    rows.write_parquet(tmp_path / "rows.parquet")
    tables = [
        import_file(path, "courses", MAPPING, regions).accepted for path in tmp_path.iterdir()
    ]
    assert len(tables) == 4
    assert all(table.equals(tables[0]) and table.height == 1 for table in tables)


def test_an_unusable_file_is_named(regions: RegionTable, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.csv: no such file"):
        import_file(tmp_path / "absent.csv", "courses", MAPPING, regions)
    broken = tmp_path / "broken.json"
    broken.write_text("[{")
    with pytest.raises(SourceError, match=r"broken\.json: cannot be read as JSON"):
        import_file(broken, "courses", MAPPING, regions)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(MappingError, match=r"other\.csv: mapping messy needs the column"):
        import_file(other, "courses", MAPPING, regions)
    with pytest.raises(MappingError, match=r"other\.csv: no shipped mapping fits"):
        import_file(other, "courses", None, regions)


def test_other_tables_import_with_types_and_zones(regions: RegionTable, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "who,what,did,when,stars\np1,c1,beli,2024-03-01 08:00,\np1,c1,nilai,2024-03-02 08:00,5\n"
    )
    mapping = Mapping.model_validate(
        {
            "name": "events",
            "kind": "interactions",
            "columns": {
                "event_id": {"source": ["who", "what", "did", "when"], "parser": "hash"},
                "participant_id": "who",
                "course_id": {"source": "what", "prefix": "list-"},
                "kind": "did",
                "at": {"source": "when", "parser": "datetime", "time_zone": "Asia/Jakarta"},
                "value": "stars",
            },
            "enumerations": {"kind": {"beli": "purchase", "nilai": "rate"}},
        }
    )
    events = import_file(path, "interactions", mapping, regions).accepted
    assert events["kind"].to_list() == ["purchase", "rate"]
    assert events["course_id"].to_list() == ["list-c1"] * 2
    assert events["at"][0].isoformat() == "2024-03-01T01:00:00+00:00"
    assert events["value"].to_list() == [None, 5]
