"""The shipped mappings on the real catalogues, where these are present."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from training_data.importing.importer import ImportResult, import_file
from training_data.regions import RegionTable

SOURCES = {
    "prakerja_skillweek_course.json": ("skillweek", 266, 266),
    "learnfonify_courses_322.csv": ("learnfonify", 322, 321),
    "program_pelatihan_bersih.xlsx": ("bbpvp", 34, 33),
    "prakerja_alibaba_course.json": ("alibaba", 85, 85),
    "dicoding_courses_61.csv": ("dicoding", 61, 61),
}
TOPICS = {
    "Bahasa Asing", "Gaya Hidup", "Keuangan", "Makanan dan Minuman", "Manajemen",
    "Penjualan dan Pemasaran",
    "Perkantoran", "Pertanian", "Sosial dan Perilaku", "Teknik", "Teknologi Informasi", "Lainnya",
}  # fmt: skip


@pytest.fixture(scope="module")
def results(shared_data: Path) -> dict[str, ImportResult]:
    regions = RegionTable.load("indonesia")
    folder = shared_data / "catalogue"
    return {name: import_file(folder / name, "courses", None, regions) for name in SOURCES}


@pytest.mark.parametrize("name", SOURCES)
def test_every_row_is_accounted_for(results: dict[str, ImportResult], name: str) -> None:
    mapping, read, accepted = SOURCES[name]
    result = results[name]
    assert (result.mapping, result.read, result.accepted.height) == (mapping, read, accepted)
    assert result.rejects.height == read - accepted
    assert result.rejects["reason"].str.contains("is the same as in row").all()


@pytest.mark.parametrize("name", SOURCES)
def test_topics_are_those_of_the_programme(results: dict[str, ImportResult], name: str) -> None:
    assert set(results[name].accepted["category"]) <= TOPICS


def test_skills_week_prices_are_those_of_the_list(
    results: dict[str, ImportResult], shared_data: Path
) -> None:
    accepted = results["prakerja_skillweek_course.json"].accepted
    listed = json.loads((shared_data / "catalogue" / "prakerja_skillweek_course.json").read_text())
    free = [row["course_price"].lower() == "gratis" for row in listed]
    digits = ["".join(filter(str.isdigit, row["course_price"])) for row in listed]
    assert accepted["price_idr"].to_list() == [
        0 if is_free else int(text) for is_free, text in zip(free, digits, strict=True)
    ]


def test_the_assumed_price_is_the_median_of_the_paid_skills_week(
    results: dict[str, ImportResult],
) -> None:
    paid = results["prakerja_skillweek_course.json"].accepted.filter(pl.col("price_idr") > 0)
    assumed = results["dicoding_courses_61.csv"].accepted["price_idr"].unique().to_list()
    assert assumed == [paid["price_idr"].median()]


def test_placements_and_hours_of_the_training_centre(results: dict[str, ImportResult]) -> None:
    courses = results["program_pelatihan_bersih.xlsx"].accepted
    barista = courses.row(by_predicate=pl.col("title") == "Barista", named=True)
    assert barista["placement_rate"] == pytest.approx(82 / 128)
    assert barista["placement_count"] == 128
    assert barista["duration_hours"] == 180 * 0.75
    assert courses["placement_rate"].count() == 23


def test_what_the_sources_do_not_say_is_counted(results: dict[str, ImportResult]) -> None:
    assumed = {name: result.assumed for name, result in results.items()}
    assert assumed["prakerja_skillweek_course.json"] == {}
    assert assumed["learnfonify_courses_322.csv"]["price_idr"] == 246
    assert assumed["program_pelatihan_bersih.xlsx"] == {"region_code": 33}
