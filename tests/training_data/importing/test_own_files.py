"""Small files of our own, in the form of each known source, and what becomes of every row.

Titles, providers and texts are made up; the columns, codes, places and the dirt are as in reality.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.training_data.importing.workbooks import write_workbook
from training_data.dataset import Dataset
from training_data.importing.importer import ImportResult, import_file
from training_data.importing.mapping import Kind, load_mapping
from training_data.importing.pipeline import import_into
from training_data.regions import RegionTable

FILES = Path(__file__).parent / "files"
OWN_MAPPING = "mapping.toml"
SHIPPED: dict[str, tuple[Kind, str]] = {
    "skillweek": ("courses", "skillweek_course.json"),
    "alibaba": ("courses", "alibaba_course.json"),
    "dicoding": ("courses", "dicoding_courses.csv"),
    "learnfonify": ("courses", "learnfonify_courses.csv"),
    "bbpvp": ("courses", "program_pelatihan.xlsx"),
    "vacancies-jobstreet": ("vacancies", "jobstreet_ads.csv"),
    "vacancies-kiora": ("vacancies", "lowongan_latlon.csv"),
    "vacancies-maganghub-csv": ("vacancies", "maganghub_posisi.csv"),
    "vacancies-maganghub-xlsx": ("vacancies", "MagangHub_Semua_Lowongan.xlsx"),
}
MADE_UP: dict[str, tuple[Kind, str]] = {
    "training_centre": ("courses", "trainings.csv"),
    "schedule": ("classes", "schedule.xlsx"),
    "registrations": ("participants", "registrations.csv"),
    "events": ("interactions", "events.jsonl"),
}

Reader = Callable[[str], ImportResult]


def lay_out(source: str, folder: Path) -> Path:
    """Put a source's files into a folder, and return the one to import."""
    for path in sorted((FILES / source).iterdir()):
        if path.suffixes == [".xlsx", ".json"]:
            write_workbook(path, folder)
        else:
            shutil.copy(path, folder)
    return folder / {**SHIPPED, **MADE_UP}[source][1]


def hold(result: ImportResult, read: int, rejects: dict[int, str], **assumed: int) -> None:
    """Hold a result to its rows, to each rejected row's reason and to what was assumed."""
    assert result.read == read
    assert dict(result.rejects.select("row", "reason").iter_rows()) == rejects
    assert result.accepted.height == read - len(rejects)
    assert result.assumed == assumed


def column(result: ImportResult, name: str) -> list[object]:
    return result.accepted[name].to_list()


@pytest.fixture(scope="module")
def regions() -> RegionTable:
    return RegionTable.load("indonesia")


@pytest.fixture
def read(tmp_path: Path, regions: RegionTable) -> Reader:
    """Import a source: by the mapping beside it, or by the shipped one that its name finds."""

    def import_source(source: str) -> ImportResult:
        path = lay_out(source, tmp_path)
        own = tmp_path / OWN_MAPPING
        mapping = load_mapping(own) if own.is_file() else None
        kind = {**SHIPPED, **MADE_UP}[source][0]
        return import_file(path, kind, mapping, regions)

    return import_source


@pytest.mark.parametrize("source", SHIPPED)
def test_the_shipped_mapping_is_found_by_name(read: Reader, source: str) -> None:
    assert read(source).mapping == source


@pytest.mark.parametrize("source", sorted(set(SHIPPED) - {"dicoding"}))
def test_the_shipped_mapping_is_found_by_columns(
    read: Reader, source: str, tmp_path: Path, regions: RegionTable
) -> None:
    """Not Dicoding's: its columns are told apart only by the mapping's own separator."""
    by_name = read(source)
    kind, name = SHIPPED[source]
    path = (tmp_path / name).rename(tmp_path / f"unnamed{Path(name).suffix}")
    by_columns = import_file(path, kind, None, regions)
    assert by_columns.mapping == source
    assert by_columns.accepted.equals(by_name.accepted)


def test_skills_week_list(read: Reader) -> None:
    result = read("skillweek")
    hold(
        result,
        15,
        {
            9: "price_idr: a price stands beside a discount of 100%",
            10: "price_idr: it is free, but the discount is 50%",
            11: "price_idr: 'Hubungi kami' is not a price",
            12: "category: the enumeration does not list Olahraga",
            13: "mode: the enumeration does not list Tatap muka",
            14: "course_id: is the same as in row 1, which is kept",
            15: "title: is empty",
        },
    )
    assert column(result, "price_idr") == [0, 89_700, 1_250_000, 1_250_000, 0, 425_000, 0, 20_000]
    assert column(result, "mode") == [
        "self_paced", "self_paced", "webinar", "self_paced", "self_paced", "webinar",
        "self_paced", "self_paced",
    ]  # fmt: skip
    assert column(result, "provider_id")[:2] == ["Sanggar Melati"] * 2
    assert column(result, "category")[:3] == ["Gaya Hidup", "Gaya Hidup", "Teknik"]
    assert column(result, "course_id")[0] == "skillweek-0fc17c449b54a233"


def test_cloud_academy(read: Reader) -> None:
    result = read("alibaba")
    hold(
        result,
        8,
        {
            6: "duration_hours: is too small (min_exclusive 0)",
            7: "category: the enumeration does not list Internet of Things",
            8: "course_id: is the same as in row 1, which is kept",
        },
        price_idr=5,
    )
    assert column(result, "course_id")[0] == "alibaba-XA-001"
    assert column(result, "duration_hours") == pytest.approx([1.5, 0.2, 305 / 60, 1.25, None])
    assert column(result, "price_idr") == [0] * 5
    assert result.accepted["description"].is_null().to_list() == [False, True, False, True, True]
    assert set(column(result, "category")) == {"Teknologi Informasi"}
    assert set(column(result, "mode")) == {"self_paced"}


def test_academies(read: Reader) -> None:
    result = read("dicoding")
    hold(
        result,
        10,
        {
            5: "course_id: is empty; title: is empty",
            7: "duration_hours: '2 minggu' is not a duration in hours, minutes or JP",
            8: "level: the enumeration does not list Ahli",
            9: "rating_mean: is too large (max 5)",
            10: "course_id: is the same as in row 1, which is kept",
        },
        price_idr=5,
    )
    assert column(result, "course_id")[0] == "dicoding-98e6824f32b6271d"
    assert column(result, "duration_hours") == [30, 2.5, 2.25, 1.5, None]
    assert column(result, "rating_mean") == [4.93, 4.5, None, 5, 4.1]
    assert column(result, "level") == [
        "beginner", "beginner", "intermediate", "advanced", "intermediate",
    ]  # fmt: skip
    assert column(result, "price_idr") == [167_500] * 5


def test_described_online_courses(read: Reader) -> None:
    result = read("learnfonify")
    hold(
        result,
        12,
        {
            9: "course_id: is the same as in row 2, which is kept",
            10: "category: the enumeration does not list Health",
            11: "level: the enumeration does not list Expert",
            12: "price_idr: 'Rp 50.000 - 90.000' is not a price",
        },
        price_idr=4,
        language=7,
    )
    assert column(result, "course_id")[0] == "online-5ba33704cd7e4216"
    assert column(result, "price_idr") == [167_500, 249_000, 0, 167_500, 0, 0, 0, 0]
    assert column(result, "language") == ["id", None, "en", "id", "id", "en", "es", "en"]
    assert column(result, "platform") == [
        "MySkill", "Udemy", "Coursera", "LinkedIn Learning", "Kelas.work", "edX", "edX", "edX",
    ]  # fmt: skip
    assert column(result, "provider_id")[5] == column(result, "provider_id")[7]
    assert column(result, "rating_mean") == [4.66, 4.7, 5, None, 3.7, None, None, None]
    assert column(result, "description")[:3] == [
        "Menyusun rencana sebulan,\nhari demi hari.", None, 'The "quiet" page.',
    ]  # fmt: skip


def test_programmes_of_a_training_centre_and_its_placements(read: Reader) -> None:
    result = read("bbpvp")
    hold(
        result,
        9,
        {
            4: "course_id: is empty; title: is empty",
            7: "duration_hours: 'tiga bulan' is not a duration in hours, minutes or JP",
            8: "duration_hours: is too large (max 2000.0)",
            9: "course_id: is the same as in row 1, which is kept",
        },
        region_code=5,
    )
    assert column(result, "course_id")[0] == "bbpvp-40d7a6eae9dd17d5"
    assert column(result, "title")[:2] == ["Barista", "Front Office"]
    assert column(result, "duration_hours") == [135, 165, 2.25, 900, 1.5]
    assert column(result, "region_code") == ["32.75"] * 5
    assert set(column(result, "mode")) == {"in_person"}
    assert column(result, "category") == [
        "Makanan dan Minuman", "Lainnya", "Teknologi Informasi", "Teknik", "Teknik",
    ]  # fmt: skip
    assert column(result, "description")[1:4] == [
        "Peserta mampu menerima tamu.", None, "Peserta mampu\nmenelusuri gangguan.",
    ]  # fmt: skip
    # No rate for a name that the second workbook has not, nor for one that it has twice.
    assert column(result, "placement_rate") == pytest.approx(
        [0.640625, 1 / 3, None, None, 0.625], abs=1e-8
    )
    assert column(result, "placement_count") == [128, 3, None, None, None]


def test_advertisements(read: Reader) -> None:
    result = read("vacancies-jobstreet")
    hold(
        result,
        10,
        {
            7: "region_code: Taman is no region, or may be more than one",
            8: "region_code: Kab. Negeri Antah is no region, or may be more than one; "
            "posted_on: '31/02/2026' is no day of the calendar",
            9: "title: is empty",
            10: "vacancy_id: is the same as in row 2, which is kept",
        },
        openings=6,
    )
    assert column(result, "region_code") == ["31", "31.74", "35.15", "51", None, "36.71"]
    march = [dt.date(2026, 3, day) for day in (14, 14, 15, 16, 16)]
    assert column(result, "posted_on") == [*march, None]
    assert column(result, "openings") == [1] * 6
    assert column(result, "description")[0] == "Menjaga gudang;\nmencatat barang masuk."


def test_advertisements_with_skills(read: Reader) -> None:
    result = read("vacancies-kiora")
    hold(
        result,
        9,
        {
            8: "vacancy_id: is the same as in row 2, which is kept",
            9: "region_code: Pulau Antah Berantah is no region, or may be more than one",
        },
        openings=7,
    )
    places = ["35.78", "34.71", "36.03", "32.01", "52", None, "62.71"]
    assert column(result, "region_code") == places
    assert column(result, "skills")[:5] == [
        ["Peta", "Bersepeda", "peta"],
        ["Koreksi Warna", "Kamera"],
        ["Koreksi Warna"],
        ["Theodolit, Digital", "Peta"],
        [],
    ]
    assert column(result, "vacancy_id")[0] == "lowongan-d43d3942b3415944"


def test_internships_as_a_table(read: Reader) -> None:
    result = read("vacancies-maganghub-csv")
    hold(
        result,
        9,
        {
            6: "region_code: KAB. NABIRE is no region, or may be more than one",
            7: "openings: 'dua' groups its digits in no known way",
            8: "openings: is too small (min 0)",
            9: "vacancy_id: is the same as in row 1, which is kept",
        },
    )
    assert column(result, "region_code") == ["31.71", "32.04", "32.73", "51.07", "94.01"]
    assert column(result, "openings") == [4, 1, 2, 1250, 3]
    assert column(result, "applicants") == [9, 0, None, 12, 1]
    assert column(result, "vacancy_id")[0] == "maganghub-a4463f5257e0e326"


def test_internships_as_a_workbook(read: Reader) -> None:
    result = read("vacancies-maganghub-xlsx")
    hold(
        result,
        11,
        {
            5: "vacancy_id: is empty; title: is empty; openings: is empty",
            6: "region_code: Kota SemarangBogaKota Semarang is no region, or may be more than one",
            7: "openings: '3 orang' groups its digits in no known way",
            8: "openings: is empty",
            9: "openings: 'true' groups its digits in no known way",
            10: "applicants: '2.5' is not a whole number",
            11: "vacancy_id: is the same as in row 1, which is kept",
        },
    )
    assert column(result, "region_code") == ["35.11", "31.74", "62.71", None]
    assert column(result, "openings") == [3, 2, 4, 1]
    assert column(result, "applicants") == [0, 17, 1250, 5]
    assert column(result, "vacancy_id")[0] == "maganghub-fdba68b64b22af66"


def test_a_heading_above_the_header_and_semicolons(read: Reader) -> None:
    result = read("training_centre")
    empty = "course_id: is empty; title: is empty; mode: is empty; price_idr: is empty"
    hold(
        result,
        12,
        {
            1: "course_id: is the same as in row 12, which is kept",
            5: "price_idr: 'Rp 100.000 - 200.000' is not a price",
            7: empty,
            8: empty,
            9: "duration_hours: '3 hari' is not a duration in hours, minutes or JP",
            10: "mode: the enumeration does not list Surat; "
            "region_code: Kab. Antah Berantah is no region, or may be more than one; "
            "needs_device: 'mungkin' is neither yes nor no; "
            "dates_in_order: the end comes before the beginning",
            11: "dates_in_order: the end comes before the beginning",
        },
    )
    assert column(result, "course_id") == [
        "balai-B-02", "balai-B-03", "balai-B-04", "balai-B-06", "balai-B-01",
    ]  # fmt: skip
    assert column(result, "price_idr") == [1_500_000, 0, 750_000, 1_500_000, 0]
    assert column(result, "duration_hours") == [2.25, 2.5, 24, 16, 30]
    assert column(result, "region_code") == ["32.73", None, "33.72", "35", "32.04"]
    assert column(result, "mode") == ["in_person", "webinar", "hybrid", "in_person", "in_person"]
    assert column(result, "needs_device") == [False, True, False, False, None]
    assert column(result, "available_until")[:3] == [
        dt.date(2026, 4, 1), None, dt.date(2026, 6, 30),
    ]  # fmt: skip
    assert column(result, "skills")[:2] == [["kayu"], ["jualan", "foto"]]


def test_dates_and_numbers_of_a_workbook_keep_their_value(read: Reader) -> None:
    result = read("schedule")
    hold(
        result,
        7,
        {
            4: "class_id: is empty; course_id: is empty; starts_on: is empty; "
            "ends_on: is empty; seats: is empty; seats_left: is empty",
            5: "dates_in_order: the end comes before the beginning",
            6: "seats_left_within_seats: more seats are left than there are",
            7: "starts_on: '46000' is not a date such as 2024-03-01 or 1 Maret 2024",
        },
    )
    assert column(result, "class_id") == ["K-1", "102", "K-3"]
    assert column(result, "starts_on") == [
        dt.date(2026, 3, 2), dt.date(2026, 4, 1), dt.date(2026, 5, 4),
    ]  # fmt: skip
    assert column(result, "ends_on") == [
        dt.date(2026, 3, 13), dt.date(2026, 4, 3), dt.date(2026, 5, 29),
    ]  # fmt: skip
    assert column(result, "seats") == [40, 16, 1000]
    assert column(result, "seats_left") == [12, 0, 999]
    assert column(result, "region_code") == ["32.04", "32.73", "33.72"]


def test_people_with_yes_and_no_in_many_words(read: Reader) -> None:
    result = read("registrations")
    hold(
        result,
        8,
        {
            4: "education: the enumeration does not list Kursus",
            5: "gender: the enumeration does not list X",
            6: "birth_year: '20O1' groups its digits in no known way; "
            "radius_km: '1,250' is not a number of one meaning",
            7: "rural: 'mungkin' is neither yes nor no; balance_idr: '-5' is not a price; "
            "radius_km: is too small (min 0); profiling_opt_out: is empty",
            8: "participant_id: is the same as in row 1, which is kept",
        },
    )
    assert column(result, "birth_year") == [1998, 1985, None]
    assert column(result, "gender") == ["female", "male", None]
    assert column(result, "education") == ["upper_secondary", "bachelor", None]
    assert column(result, "interests") == [["las", "listrik"], [], ["memasak"]]
    assert column(result, "region_code") == ["35.25", "35.25", None]
    assert column(result, "rural") == [True, False, None]
    assert column(result, "disability") == [False, True, None]
    assert column(result, "profiling_opt_out") == [False, True, False]
    assert column(result, "radius_km") == [12.5, 7, None]
    assert column(result, "balance_idr") == [3_500_000, 3_500_000, None]
    assert column(result, "admitted_on") == [dt.date(2026, 1, 3), dt.date(2026, 1, 4), None]


def test_events_of_three_clocks(read: Reader) -> None:
    result = read("events")
    hold(
        result,
        7,
        {
            5: "at: 'nanti' is not a date such as 2024-03-01 or 1 Maret 2024",
            6: "kind: the enumeration does not list lupa; "
            "value: '1,250' is not a number of one meaning; course_id: is empty",
            7: "event_id: is the same as in row 1, which is kept",
        },
    )
    assert column(result, "kind") == ["purchase", "complete", "rate", "click"]
    assert column(result, "at") == [
        dt.datetime(2026, 3, 1, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 31, 8, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 31, 10, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 31, 16, tzinfo=dt.UTC),
    ]
    assert column(result, "value") == [1_250_000, 0.75, 4.5, None]


@pytest.mark.parametrize(("kind", "read", "accepted"), [("courses", 54, 31), ("vacancies", 39, 22)])
def test_all_shipped_sources_make_one_table(
    tmp_path: Path, kind: Kind, read: int, accepted: int
) -> None:
    paths = [lay_out(source, tmp_path) for source, (its, _) in SHIPPED.items() if its == kind]
    summary = import_into(tmp_path / "data", kind, paths)
    assert (summary.read, summary.accepted, summary.rejected) == (read, accepted, read - accepted)
    assert (summary.added, summary.replaced) == (accepted, 0)
    assert Dataset.open(tmp_path / "data").read(kind).height == accepted
    rejects = pl.read_parquet(tmp_path / "data" / "rejects.parquet")
    counts = {name: result.rejects.height for name, result in summary.files}
    assert dict(rejects.group_by("source").len().iter_rows()) == counts
