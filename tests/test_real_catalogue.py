"""The engine on real Indonesian catalogues: sensible lists for six people, all of it permitted.

A training is on topic if its title says so; what that means is written down for each person.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock

from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder
from recommender.bundle.bundle import Bundle, load_bundle
from recommender.eligibility.mask import build_mask
from recommender.engine import Engine
from recommender.participants.prepared import PreparedParticipants
from recommender.responses.recommendations import RecommendationList, build_lists
from recommender.training.refresh import refresh
from recommender.training.train import train
from training_data.dataset import Dataset
from training_data.home import padan_home
from training_data.importing.pipeline import import_into
from training_data.profiles import Participant, to_tables

DAY = dt.date(2024, 6, 15)
CATALOGUES = (
    "prakerja_skillweek_course.json",
    "learnfonify_courses_322.csv",
    "program_pelatihan_bersih.xlsx",
    "prakerja_alibaba_course.json",
    "dicoding_courses_61.csv",
)
PEOPLE = {
    "an unemployed woman in Kota Kupang who wants to sell snacks online": (
        {
            "region": "Kota Kupang",
            "birth_year": 1996,
            "gender": "female",
            "employment_status": "unemployed",
            "interests": ["jualan camilan lewat internet"],
        },
        r"jual|dagang|pemasar|market|online|toko|camilan|kuliner|makanan|kue",
    ),
    "a laid-off factory worker in Kab. Karawang with welding skills": (
        {
            "region": "Kab. Karawang",
            "birth_year": 1984,
            "employment_status": "laid_off",
            "occupation": "buruh pabrik",
            "skills": ["las listrik"],
        },
        r"\blas\b|weld|manufaktur|\bmesin\b|otomasi|\bplc\b|\bcnc\b|instalasi|produksi|industri",
    ),
    "a graduate in Kab. Sleman who wants to become a data analyst": (
        {
            "region": "Kab. Sleman",
            "birth_year": 2001,
            "education": "bachelor",
            "employment_status": "unemployed",
            "target_occupation": "analis data",
        },
        r"\bdata\b|sql|statisti|analis|analy",
    ),
    "a farmer in Kab. Garut interested in organic vegetables": (
        {
            "region": "Kab. Garut",
            "birth_year": 1979,
            "rural": True,
            "occupation": "petani",
            "interests": ["sayuran organik"],
        },
        r"sayur|hidroponik|tani|tanam|organik|pupuk|kebun",
    ),
    "a barista to be in Kota Makassar": (
        {"region": "Kota Makassar", "birth_year": 2000, "target_occupation": "barista"},
        r"barista|kopi|coffee|kafe|minuman",
    ),
    "a profile written in English": (
        {
            "region": "Kota Bandung",
            "birth_year": 1998,
            "skills": ["basic html"],
            "interests": ["I want to build websites and work as a web developer"],
        },
        r"\bweb\b|website|situs|html|front-end|react|javascript|wordpress",
    ),
}


@pytest.fixture(scope="module")
def encoder(e5: SentenceEncoder) -> CachedEncoder:
    return CachedEncoder(e5, EmbeddingCache(padan_home()))


@pytest.fixture(scope="module")
def catalogue(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The real catalogues imported together."""
    folder = tmp_path_factory.mktemp("home") / "real"
    files = [shared_data / "catalogue" / name for name in CATALOGUES]
    summary = import_into(folder, "courses", files, None, True)
    assert summary.read == summary.accepted + summary.rejected
    return Dataset.open(folder)


@pytest.fixture(scope="module")
def bundle(catalogue: Dataset, encoder: CachedEncoder, teachers_turn: FileLock) -> Bundle:
    """A bundle of them, without anybody's behaviour."""
    home = catalogue.folder.parent
    with teachers_turn:
        manifest = train(catalogue, encoder, home, DAY)
    return load_bundle(home / "bundles" / manifest.version)


def prepare(engine: Engine, **described: object) -> PreparedParticipants:
    regions = engine.reader.vocabularies.regions
    return engine.prepare(*to_tables([Participant(**described)], ["someone"], regions), DAY)


def build_list(bundle: Bundle, participant: PreparedParticipants) -> RecommendationList:
    found = bundle.engine.recommend(participant)
    return build_lists(bundle.engine, bundle.messages("id"), found, 10)[0]


@pytest.mark.parametrize("who", PEOPLE)
def test_most_of_the_top_five_are_on_topic_and_all_are_permitted(bundle: Bundle, who: str) -> None:
    described, on_topic = PEOPLE[who]
    participant = prepare(bundle.engine, **described)
    found = build_list(bundle, participant)["items"]
    assert len(found) == 10
    titles = [item["title"] for item in found[:5]]
    fitting = [title for title in titles if re.search(on_topic, title.lower())]
    assert len(fitting) >= 3, titles
    mask = build_mask(bundle.engine.query(participant))[0]
    for item in found:
        assert mask[bundle.engine.catalogue.index[item["course_id"]]]
        assert item["reasons"] or item["fit"] == "other"


def test_the_welder_hears_that_the_class_is_within_reach(bundle: Bundle) -> None:
    described, _ = PEOPLE["a laid-off factory worker in Kab. Karawang with welding skills"]
    found = build_list(bundle, prepare(bundle.engine, **described))
    placed = [item for item in found["items"] if item["distance_km"] is not None]
    assert placed
    assert all(item["distance_km"] <= 50 for item in placed)


NEW = "las-smaw-karawang"
OF_TODAY = {
    "course_id": NEW,
    "title": "Las listrik SMAW posisi 3G",
    "description": "Mengelas pelat baja dengan busur listrik SMAW sampai siap uji kompetensi juru las.",
    "region_code": "32.15",  # Kab. Karawang
    "available_from": DAY,
}
WELDER = {
    "birth_year": 1984,
    "employment_status": "laid_off",
    "occupation": "buruh pabrik",
    "skills": ["las listrik"],
}


def list_ids(bundle: Bundle, **described: object) -> list[str]:
    ids = bundle.engine.recommend(prepare(bundle.engine, **described)).slates.ids[0]
    return [bundle.engine.catalogue.ids[course] for course in ids if course >= 0]


def test_a_training_of_today_is_recommended_from_its_text_and_place_without_training(
    bundle: Bundle, catalogue: Dataset, encoder: CachedEncoder, tmp_path: Path
) -> None:
    courses = catalogue.read("courses")
    there = courses.filter((courses["mode"] == "in_person") & courses["region_code"].is_not_null())
    new = there[:1].with_columns(
        *(pl.lit(value).cast(courses.schema[name]).alias(name) for name, value in OF_TODAY.items()),
        pl.lit([], pl.List(pl.String)).alias("skills"),
        *(pl.lit(None, courses.schema[name]).alias(name) for name in ("latitude", "longitude")),
    )
    gone = next(
        course for course in list_ids(bundle, region="Kab. Karawang", **WELDER) if course != NEW
    )
    today = Dataset.create(tmp_path / "today", catalogue.info)
    today.write("courses", pl.concat([courses.filter(courses["course_id"] != gone), new]))
    manifest = refresh(bundle, today, encoder, tmp_path, DAY)
    fresh = load_bundle(tmp_path / "bundles" / manifest.version)

    near = list_ids(fresh, region="Kab. Karawang", **WELDER)
    assert NEW in near[:5]
    assert gone not in near
    assert NEW not in list_ids(fresh, region="Kota Kupang", **WELDER)
    baker = {"birth_year": 1996, "interests": ["jualan camilan lewat internet"]}
    assert NEW not in list_ids(fresh, region="Kab. Karawang", **baker)[:5]


def test_a_radius_too_small_takes_the_class_away(bundle: Bundle) -> None:
    described, _ = PEOPLE["a laid-off factory worker in Kab. Karawang with welding skills"]
    near = prepare(bundle.engine, **described | {"radius_km": 20})
    found = build_list(bundle, near)
    assert not any(item["distance_km"] for item in found["items"])
