"""The project's own catalogue: size, spread, references, no two alike."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from training_data.columns import MODES, Classes, Courses
from training_data.demo import demo_classes, demo_courses, demo_places
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import load_programme
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills
from training_data.text import normalise

DAY = dt.date(2026, 3, 1)
MAX_SIMILARITY = 0.1  # Jaccard index of the sets of three-word runs; the real worst is 0.05


@pytest.fixture(scope="module")
def courses() -> pl.DataFrame:
    return demo_courses()


@pytest.fixture(scope="module")
def classes() -> pl.DataFrame:
    return demo_classes(DAY)


def shingle_similarity(texts: list[str], length: int = 3) -> np.ndarray:
    """Jaccard index of each pair of texts over their runs of ``length`` words."""
    numbers: dict[tuple[str, ...], int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        words = normalise(text).split()
        for shingle in {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}:
            rows.append(row)
            columns.append(numbers.setdefault(shingle, len(numbers)))
    has = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(numbers)))
    shared = (has @ has.T).toarray()
    size = shared.diagonal()
    return shared / (size[:, None] + size[None, :] - shared)


def test_it_has_the_size_and_spread_that_is_promised(courses: pl.DataFrame) -> None:
    Courses.validate(courses)
    assert courses.height >= 400
    assert set(courses["category"]) == set(load_programme("prakerja-2024").topics)
    assert set(courses["mode"]) == set(MODES)
    assert courses.group_by("category").len()["len"].min() >= 30
    assert demo_places()["region_code"].n_unique() >= 60
    assert courses["provider_id"].n_unique() >= 60
    owned = (courses["provider_id"] == courses["platform"]).mean()
    assert 0.05 < owned < 0.3


def test_no_two_trainings_are_near_duplicates(courses: pl.DataFrame) -> None:
    texts = [f"{title} {text}" for title, text in courses.select("title", "description").rows()]
    alike = np.triu(shingle_similarity(texts), k=1)
    worst = np.unravel_index(alike.argmax(), alike.shape)
    assert alike.max() < MAX_SIMILARITY, [courses["course_id"][int(i)] for i in worst]
    assert courses["title"].n_unique() == courses.height


def test_the_measure_of_duplicates_finds_one() -> None:
    text = "kue basah dijual lewat pesan singkat kepada tetangga sekitar rumah setiap pagi hari"
    assert shingle_similarity([text, text.replace("pagi", "sore")])[0, 1] > MAX_SIMILARITY


def test_descriptions_are_two_to_four_sentences(courses: pl.DataFrame) -> None:
    sentences = courses["description"].str.count_matches(r"[.!?…][\"”’)]*(\s|$)")
    assert courses.filter((sentences < 2) | (sentences > 4))["course_id"].to_list() == []


def test_skills_and_prerequisites_resolve(courses: pl.DataFrame) -> None:
    skills = load_skills()
    ids = {term.id for term in skills.terms}
    assert len(ids) == len(skills.terms)
    assert set(courses["skills"].explode()) <= ids
    assert courses["skills"].list.len().min() >= 1
    load_occupations(skills)  # refuses a skill that no file has

    pairs = (
        courses.select("course_id", "prerequisites")
        .explode("prerequisites", empty_as_null=False)
        .drop_nulls()
        .join(courses, left_on="prerequisites", right_on="course_id", how="left")
    )
    assert pairs.height > 0
    assert pairs["title"].null_count() == 0
    assert set(pairs["level"]) == {"beginner"}


def test_one_goes_to_a_place_exactly_where_the_mode_says_so(courses: pl.DataFrame) -> None:
    goes = courses["mode"].is_in(["in_person", "hybrid"])
    assert (courses["region_code"].is_not_null() == goes).all()
    regions = RegionTable.load("indonesia")
    lowest = regions.level[regions.ids(demo_places()["region_code"])]
    assert (lowest == len(regions.levels) - 1).all()


def test_ratings_are_near_the_published_mean_and_not_everywhere(courses: pl.DataFrame) -> None:
    assert 0.6 < courses["rating_count"].is_not_null().mean() < 0.8
    assert courses["rating_mean"].mean() == pytest.approx(4.9, abs=0.05)
    assert (courses["rating_mean"].is_null() == courses["rating_count"].is_null()).all()


def test_classes_cover_every_place_after_the_day(
    courses: pl.DataFrame, classes: pl.DataFrame
) -> None:
    Classes.validate(classes)
    assert classes["starts_on"].min() > DAY
    held = classes.filter(pl.col("region_code").is_not_null()).select("course_id", "region_code")
    assert set(held.unique().rows()) == set(demo_places().unique().rows())
    online = classes.filter(pl.col("region_code").is_null())["course_id"]
    assert set(online) == set(courses.filter(pl.col("mode") == "webinar")["course_id"])


def test_seats_are_as_published_and_mostly_open(classes: pl.DataFrame) -> None:
    online = pl.col("region_code").is_null()
    assert classes.filter(~online)["seats"].mean() == pytest.approx(40, abs=1.5)
    assert classes.filter(online)["seats"].mean() == pytest.approx(150, abs=8)
    assert 0.1 < (classes["seats_left"] == 0).mean() < 0.2


def test_the_seed_decides(classes: pl.DataFrame) -> None:
    assert demo_classes(DAY).equals(classes)
    assert not demo_classes(DAY, seed=2).equals(classes)
