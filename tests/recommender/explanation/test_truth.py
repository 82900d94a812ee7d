"""Every reason and fact of 2,000 answers is true: its claim is derived again from the tables.

A thousand people in each language; and, where the real catalogues are there, a thousand more.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from filelock import FileLock

from benchmarks.answers.judgements import read_profiles
from benchmarks.answers.run import REAL
from models.bundles.promotion import current, promote
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder
from recommender.bundle.bundle import Bundle, load_bundle
from recommender.eligibility.mask import build_list_mask
from recommender.engine import Engine, Recommendations
from recommender.explanation.reasons import explain
from recommender.messages import load_messages
from recommender.participants.batch import filter_events
from recommender.ranking.features import FEATURES
from recommender.responses.recommendations import RecommendationList, build_lists
from recommender.settings import SlateSettings
from recommender.training.train import train
from tests.conftest import make_once
from tests.free_text import draw_participant
from tests.recommender.explanation.oracle import Oracle
from training_data.columns import Vacancies
from training_data.dataset import Dataset
from training_data.home import padan_home
from training_data.importing.pipeline import import_into
from training_data.occupations.occupations import load_occupations
from training_data.profiles import Participant, to_tables
from training_data.simulation import simulate_dataset
from training_data.skills.loading import load_skills

pytestmark = pytest.mark.integration

DAY = dt.date.today()
PEOPLE, ASKED = (
    2_500,
    500,
)  # who made events; of these, and of people in their own words, so many are asked about
SKILLED = 40  # of those in their own words
OWN = {
    "matches_phrase", "teaches_phrase", "matches_profile", "closes_gap", "deepens_skills",
    "closes_related_gap", "deepens_related_skills", "interest", "builds_on", "next_course",
}  # fmt: skip


def write_dataset(folder: Path) -> Dataset:
    """Simulate people, and give their catalogue figures and vacancies that differ."""
    rng = random.Random(1)  # noqa: S311
    dataset = simulate_dataset(folder, PEOPLE, DAY)
    courses = dataset.read("courses")
    rated, placed, done = ([rng.random() < 0.2 for _ in range(len(courses))] for _ in range(3))
    graduates = [rng.choice([3, 16, 40, 200]) if one else None for one in placed]
    dataset.write(
        "courses",
        courses.with_columns(
            rating_mean=pl.Series([4.9 if one else 4.0 for one in rated]),
            rating_count=pl.Series([rng.randint(1, 400) for _ in rated]),
            completion_rate=pl.Series([1.0 if one else None for one in done], dtype=pl.Float64),
            completion_count=pl.Series([300 if one else None for one in done], dtype=pl.Int64),
            placement_count=pl.Series(graduates, dtype=pl.Int64),
            placement_rate=pl.Series(
                [None if n is None else rng.randint(0, n) / n for n in graduates], dtype=pl.Float64
            ),
        ),
    )
    skills = load_skills()
    occupations = load_occupations(skills).vocabulary.terms
    homes = dataset.read("participants")["region_code"].unique().sort().to_list()
    rows = [
        {
            "vacancy_id": f"v{number}",
            "title": f"Lowongan {number}",
            "occupation": rng.choice(occupations).id,
            "skills": [rng.choice(skills.terms).id],
            "region_code": rng.choice(homes),
            "openings": rng.randint(1, 3),
        }
        for number in range(1_500)
    ]
    schema = {name: column.dtype for name, column in Vacancies.columns().items()}
    dataset.write("vacancies", pl.DataFrame(rows, schema=schema))
    return dataset


@pytest.fixture(scope="module")
def home(shared_folder: Path, e5: SentenceEncoder, teachers_turn: FileLock) -> Path:
    def make(home: Path) -> None:
        dataset = write_dataset(home / "people")
        encoder = CachedEncoder(e5, EmbeddingCache(padan_home()))
        promote(home / "bundles", train(dataset, encoder, home, DAY).version)

    with teachers_turn:
        return make_once(shared_folder, "reasons-home", make)


@pytest.fixture(scope="module")
def bundle(home: Path) -> Bundle:
    return load_bundle(current(home / "bundles"))


@pytest.fixture(scope="module")
def asked(home: Path, bundle: Bundle) -> tuple[pl.DataFrame, pl.DataFrame]:
    """People of the dataset with their events, and people in their own words."""
    dataset = Dataset.open(home / "people")
    simulated = dataset.read("participants")[:ASKED]
    rng = random.Random(2)  # noqa: S311
    described = [
        Participant.model_validate(draw_participant(bundle.engine, rng) | {"history": []})
        for _ in range(ASKED - SKILLED)
    ]
    described += draw_skilled(bundle.engine, rng)
    names = [f"own-words-{number}" for number in range(ASKED)]
    regions = bundle.engine.reader.vocabularies.regions
    written, _ = to_tables(described, names, regions)
    people = pl.concat([simulated, written.select(simulated.columns)])
    return people, filter_events(people, dataset.read("interactions"))


def draw_skilled(engine: Engine, rng: random.Random) -> list[Participant]:
    """People who can do already what the work that they wish for needs."""
    skills, occupations = engine.reader.vocabularies.skills, engine.reader.vocabularies.occupations
    numbers = rng.sample(range(len(occupations.vocabulary)), SKILLED)
    return [
        Participant(
            target_occupation=f"ingin jadi {occupations.vocabulary.terms[number].label('id')}",
            skills=[skills.terms[skill].id for skill in occupations.needs[number].indices],
        )
        for number in numbers
    ]


@dataclass(frozen=True)
class Answers:
    """Lists in a language, the people whom they were given, and what checks them."""

    oracle: Oracle
    people: list[dict[str, Any]]
    found: Recommendations
    lists: list[RecommendationList]


@pytest.fixture(scope="module")
def real(
    shared_data: Path, shared_folder: Path, e5: SentenceEncoder, teachers_turn: FileLock
) -> Path:
    """A home with the real catalogues, and nobody's events."""

    def make(home: Path) -> None:
        files = [shared_data / "catalogue" / name for name in REAL]
        import_into(home / "people", "courses", files, None, True)
        encoder = CachedEncoder(e5, EmbeddingCache(padan_home()))
        dataset = Dataset.open(home / "people")
        promote(home / "bundles", train(dataset, encoder, home, DAY).version)

    with teachers_turn:
        return make_once(shared_folder, "real-reasons-home", make)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_reason_is_true_of_the_real_catalogues(real: Path, language: str) -> None:
    bundle = load_bundle(current(real / "bundles"))
    engine, rng = bundle.engine, random.Random(3)  # noqa: S311
    written = [profile.person for profile in read_profiles()]
    drawn = [
        Participant.model_validate(draw_participant(engine, rng) | {"history": []})
        for _ in range(2 * ASKED - len(written))
    ]
    names = [str(number) for number in range(2 * ASKED)]
    people, events = to_tables([*written, *drawn], names, engine.reader.vocabularies.regions)
    found = engine.recommend(engine.prepare(people, events, DAY), SlateSettings(k=10))
    lists = build_lists(engine, bundle.messages(language), found, 10)
    oracle = Oracle(Dataset.open(real / "people"), engine, DAY, language)
    answers = Answers(oracle, people.to_dicts(), found, lists)
    test_every_reason_is_true(answers)
    test_every_strong_item_has_a_personal_reason_first(answers)


@pytest.fixture(scope="module", params=["id", "en"])
def answers(
    request: pytest.FixtureRequest,
    home: Path,
    bundle: Bundle,
    asked: tuple[pl.DataFrame, pl.DataFrame],
) -> Answers:
    engine, language = bundle.engine, request.param
    people, events = asked
    found = engine.recommend(engine.prepare(people, events, DAY), SlateSettings(k=10))
    lists = build_lists(engine, bundle.messages(language), found, 10)
    oracle = Oracle(Dataset.open(home / "people"), engine, DAY, language)
    return Answers(oracle, people.to_dicts(), found, lists)


def test_every_reason_is_true(answers: Answers) -> None:
    told = 0
    for person, answer in zip(answers.people, answers.lists, strict=True):
        for item in answer["items"]:
            for reason in item["reasons"]:
                told += 1
                code, evidence = reason["code"], reason["evidence"]
                held = answers.oracle.holds(code, evidence, person, item["course_id"])
                assert held, (person, item["title"], reason)
    assert told > len(answers.people)


def test_every_fact_of_an_item_is_one_of_the_tables(answers: Answers) -> None:
    dated = 0
    for person, answer in zip(answers.people, answers.lists, strict=True):
        for item in answer["items"]:
            assert answers.oracle.is_so(item, person), (person, item)
            dated += item["next_class"] is not None
    assert dated > len(answers.people)


def test_every_strong_item_has_a_personal_reason_first(answers: Answers) -> None:
    strong = [
        item
        for answer in answers.lists
        if not answer["neutral"]
        for item in answer["items"]
        if item["fit"] == "strong"
    ]
    assert len(strong) > len(answers.people) / 2
    assert all(item["reasons"][0]["code"] in OWN for item in strong)


def test_whatever_a_feature_may_say_is_true(answers: Answers) -> None:
    """Any training that a person may take, and any feature that might have raised its score."""
    engine, rng = answers.oracle.engine, np.random.default_rng(0)
    permitted = build_list_mask(answers.found.query)
    lots = np.where(permitted, rng.random(permitted.shape), -1)
    ids = np.where(
        np.sort(lots, axis=1)[:, :-9:-1] > 0, np.argsort(lots, axis=1)[:, :-9:-1], -1
    ).astype(np.int32)
    drawn = replace(answers.found, slates=replace(answers.found.slates, ids=ids))
    context = engine.explanation_context(drawn, answers.oracle.language)
    told: Counter[str] = Counter()
    for feature in range(len(FEATURES)):
        alone = np.zeros((len(context.rows), len(FEATURES)), dtype=np.float32)
        alone[:, feature] = 1
        pairs = zip(context.rows, context.courses, explain(context, alone, alone), strict=True)
        for row, course, reasons in pairs:
            course_id = engine.catalogue.ids[course]
            for reason in reasons:
                told[reason.code] += 1
                person = answers.people[row]
                held = answers.oracle.holds(reason.code, reason.evidence, person, course_id)
                assert held, (person, course_id, reason)
    messages = load_messages(answers.oracle.language, engine.programme)
    assert set(told) == set(messages.texts["reason"])  # each was tried, and no text is unused


def test_what_speaks_of_the_person_comes_first_and_nothing_twice(answers: Answers) -> None:
    oracle = answers.oracle
    for person, answer in zip(answers.people, answers.lists, strict=True):
        for item in answer["items"]:
            texts = [reason["text"] for reason in item["reasons"]]
            assert len(set(texts)) == len(texts) <= 3
            codes = [reason["code"] in OWN for reason in item["reasons"]]
            assert codes == sorted(codes, reverse=True)
            before = [one["evidence"].get("course") for one in item["reasons"]]
            assert len(set(before) - {None}) == len(before) - before.count(None), texts
            taught: set[str] = set()
            for evidence in (reason["evidence"] for reason in item["reasons"]):
                named = set(evidence.get("skills", ()))
                if "phrase" in evidence and "skill" in evidence:
                    named = {evidence["skill"]}
                assert not named or named - taught, texts
                taught |= named
            course = item["course_id"]
            wanted = {text.casefold() for text in person["interests"]}
            is_own = (item["category"] or "").casefold() in wanted or any(
                oracle.is_like(phrase, course, "close") for phrase in oracle.read_meaning(person)
            )
            if is_own and not answer["neutral"]:
                assert codes[:1] == [True], (person, item["title"], texts)


def test_nothing_is_said_of_those_who_say_nothing_or_object(bundle: Bundle) -> None:
    engine = bundle.engine
    people = [Participant(), Participant(skills=["las"], profiling_opt_out=True)]
    tables = to_tables(people, ["empty", "objects"], engine.reader.vocabularies.regions)
    found = engine.recommend(engine.prepare(*tables, DAY), SlateSettings(k=10))
    for answer in build_lists(engine, bundle.messages("id"), found, 10):
        codes = {reason["code"] for item in answer["items"] for reason in item["reasons"]}
        assert answer["items"]
        assert codes <= {"popular", "leads_to_work", "finished", "well_rated"}
