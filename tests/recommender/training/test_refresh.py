"""A refreshed bundle: new trainings are there the same day, withdrawn ones are not, nothing else moves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.bundles.sealing import BundleError
from models.candidates.histories import Histories
from models.text.encoder import SentenceEncoder
from recommender.bundle.bundle import Bundle, load_bundle, load_checked
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import reads_log
from recommender.retrieval.sources import BEHAVIOUR, EXPLAINED, Source
from recommender.settings import SlateSettings
from recommender.training.refresh import refresh
from recommender.training.settings import RankerSettings, TrainSettings
from recommender.training.train import train
from training_data.columns import Courses
from training_data.dataset import Dataset
from training_data.profiles import Participant, to_tables
from training_data.simulation import simulate_dataset

pytestmark = pytest.mark.integration

DAY = dt.date(2024, 6, 15)
NEW = "new-training"
WISH = "menjahit baju dan belajar las listrik"  # words that the tiny encoder knows
BY_SCORE = SlateSettings(relevance_weight=1.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module", params=["simulated", "real"])
def dataset(request: pytest.FixtureRequest, home: Path) -> Dataset:
    """Simulated people; once as such, and once as if they were real, with all that is learnt of those."""
    dataset = simulate_dataset(home / request.param, 400, DAY)
    info = dataset.info.model_copy(update={"simulated": request.param == "simulated"})
    return Dataset.create(dataset.folder, info)


@pytest.fixture(scope="module")
def trained(home: Path, dataset: Dataset, tiny_encoder: SentenceEncoder) -> Bundle:
    ranker = RankerSettings(kinds=("small trees",), fixed_shares=(0.2, 0.4))
    small: dict[Source, dict[str, Any]] = {Source.SEQUENCE: {"dimensions": 16}}
    settings = TrainSettings(ranker=ranker, sources=small)
    manifest = train(dataset, tiny_encoder, home, DAY, settings=settings)
    return load_bundle(home / "bundles" / manifest.version)


def test_all_that_is_registered_is_learnt_of_real_events(trained: Bundle) -> None:
    engine = trained.engine
    real = not trained.manifest.simulated
    assert set(engine.models) == {name for name in BEHAVIOUR if real or name in EXPLAINED}
    assert reads_log(engine.ranker) == real
    assert (engine.log is not None) == real
    report = trained.manifest.training
    assert report is not None
    assert (report.validation is not None) == real
    if report.validation is not None:
        tried = [ranker.name for ranker in report.validation.rankers]
        assert tried == ["small trees, 20% fixed", "small trees, 40% fixed"]
        assert report.validation.chosen in tried
        assert [source.name for source in report.validation.sources] == engine.sources
        most = report.validation.candidate_recall.mean
        assert all(each.recall.mean <= most for each in report.validation.sources)
    steps = {cost.step for cost in report.costs}
    assert {f"Fitting {name}" for name in engine.models} < steps


def test_reasons_are_given_whatever_ranks(trained: Bundle, dataset: Dataset) -> None:
    engine = trained.engine
    people = dataset.read("participants")[:50]
    found = engine.recommend(engine.prepare(people, dataset.read("interactions"), DAY))
    reasons = engine.explain(found, engine.explanation_context(found, "en"))
    codes = {reason.code for each in reasons for reason in each}
    assert len(codes) > 3


def test_trees_know_nothing_of_those_who_object(trained: Bundle, dataset: Dataset) -> None:
    engine, events = trained.engine, dataset.read("interactions")
    people = dataset.read("participants")[:40].with_columns(
        pl.Series("profiling_opt_out", [True, False] * 20)
    )
    prepared = engine.prepare(people, events, DAY)
    rows = np.arange(40)
    mask = np.ones((40, len(engine.catalogue)), dtype=bool)
    _, features = engine.find_candidates(prepared, engine.query(prepared), rows, mask, 20)
    told = features[:, :, len(FEATURES) :]
    assert told.shape[2] == len(engine.feature_names) - len(FEATURES)
    assert not told[::2].any()
    assert told[1::2].any() == (engine.log is not None)


def test_one_is_ranked_as_in_a_batch(trained: Bundle, dataset: Dataset) -> None:
    engine, events = trained.engine, dataset.read("interactions")
    people = dataset.read("participants")[:30]
    many = engine.recommend(engine.prepare(people, events, DAY), BY_SCORE).slates
    served = np.flatnonzero((many.ids >= 0).all(axis=1)).tolist()
    assert len(served) >= 5
    for row in served[:5]:
        one = engine.recommend(engine.prepare(people[row], events, DAY), BY_SCORE).slates
        np.testing.assert_allclose(one.scores[0], many.scores[row], rtol=1e-4, atol=1e-5)


def refresh_catalogue(
    trained: Bundle, dataset: Dataset, courses: pl.DataFrame, encoder: SentenceEncoder, home: Path
) -> Bundle:
    """The bundle after the dataset's catalogue became ``courses``."""
    changed = Dataset.create(home / "changed", dataset.info)
    for table in dataset.tables():
        changed.write(table, courses if table == "courses" else dataset.read(table))
    manifest = refresh(trained, changed, encoder, home, DAY)
    return load_checked(home / "bundles" / manifest.version)


def add_new(courses: pl.DataFrame) -> pl.DataFrame:
    """The catalogue with one more training, in its midst, that anybody may take."""
    new = courses.filter(Courses.mode.col == "self_paced")[:1].with_columns(
        pl.lit(NEW).alias("course_id"),
        pl.lit(WISH).alias("title"),
        pl.lit(WISH).alias("description"),
        pl.lit(None, pl.String).alias("category"),  # so that no topic changes with it
        pl.lit(0, pl.Int64).alias("price_idr"),
        pl.lit(None, pl.Float64).alias("rating_mean"),
        pl.lit(None, pl.Int64).alias("rating_count"),
        pl.lit([], pl.List(pl.String)).alias("skills"),
    )
    return pl.concat([courses[:200], new, courses[200:]])


def lists(bundle: Bundle, dataset: Dataset) -> list[list[str]]:
    """Course ids of the first participants' lists, in the order of the scores."""
    engine = bundle.engine
    some = dataset.read("participants")[:60]
    found = engine.recommend(engine.prepare(some, dataset.read("interactions"), DAY), BY_SCORE)
    return [[engine.catalogue.ids[i] for i in row if i >= 0] for row in found.slates.ids]


def test_a_new_training_is_recommended_the_same_day_and_moves_nothing_else(
    trained: Bundle, dataset: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    courses = add_new(dataset.read("courses"))
    fresh = refresh_catalogue(trained, dataset, courses, tiny_encoder, tmp_path)
    assert fresh.manifest.version != trained.manifest.version
    assert fresh.manifest.metrics["courses"] == trained.manifest.metrics["courses"] + 1

    someone = Participant(region="Kota Bandung", birth_year=1995, interests=[WISH])
    tables = to_tables([someone], ["someone"], fresh.engine.reader.vocabularies.regions)
    ids = fresh.engine.recommend(fresh.engine.prepare(*tables, DAY)).slates.ids[0]
    assert NEW in [fresh.engine.catalogue.ids[i] for i in ids]
    assert fresh.neighbours.courses.rows([NEW])[0] >= 0

    if reads_log(trained.engine.ranker):
        return  # one more candidate changes the others' places in a source, which trees read
    for before, after in zip(lists(trained, dataset), lists(fresh, dataset), strict=True):
        others = [course for course in after if course != NEW]
        assert others == before[: len(others)]


def test_a_withdrawn_training_vanishes(
    trained: Bundle, dataset: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    gone = next(found[0] for found in lists(trained, dataset) if found)
    courses = dataset.read("courses").filter(Courses.course_id.col != gone)
    fresh = refresh_catalogue(trained, dataset, courses, tiny_encoder, tmp_path)
    assert gone not in fresh.engine.catalogue.index
    assert not any(gone in found for found in lists(fresh, dataset))


def test_models_of_behaviour_say_the_same_of_the_trainings_they_know(trained: Bundle) -> None:
    n = len(trained.engine.catalogue)
    old = np.random.default_rng(0).permutation(n).astype(np.int32)
    old = np.insert(old, 7, -1)
    place = np.argsort(old)[1:]  # of each old training in the new table
    took = np.array([3, 40, 41], dtype=np.int32)
    before = Histories(
        np.array([0, 3]), took, np.ones(3, np.float32), n, np.arange(3, dtype=np.int64)
    )
    after = replace(before, items=place[took].astype(np.int32), n_items=n + 1)
    for name, model in trained.engine.models.items():
        expected, found = (
            model.score(before)[0],
            model.remap(old, np.full((1, n), 1 / n, np.float32)).score(after)[0],
        )
        np.testing.assert_allclose(found[place], expected, rtol=1e-5, atol=1e-7, err_msg=name)
        guess = expected.mean() if "popularity" in name else 0.0
        assert np.nan_to_num(found[7], neginf=0.0) == pytest.approx(guess, rel=1e-4), name


def test_it_may_not_be_judged_on_events_that_told_of_completion(
    trained: Bundle, dataset: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    courses, older = dataset.read("courses"), trained.manifest.newest_event
    assert older is not None
    manifest = trained.manifest.model_copy(update={"newest_event": older - dt.timedelta(days=90)})
    fresh = refresh_catalogue(
        replace(trained, manifest=manifest), dataset, courses, tiny_encoder, tmp_path
    )
    assert fresh.manifest.newest_event == older


def test_another_encoder_is_refused(
    trained: Bundle, dataset: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    manifest = trained.manifest.model_copy(update={"encoder": "another"})
    with pytest.raises(BundleError, match="trained with the encoder another"):
        refresh(replace(trained, manifest=manifest), dataset, tiny_encoder, tmp_path, DAY)


def test_a_training_nobody_may_take_is_still_not_listed(
    trained: Bundle, dataset: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    over = pl.lit(DAY - dt.timedelta(days=1)).alias("available_until")
    courses = add_new(dataset.read("courses"))
    ended = courses.filter(Courses.course_id.col == NEW).with_columns(
        over, pl.lit(None, pl.Date).alias("available_from")
    )
    courses = pl.concat([courses.filter(Courses.course_id.col != NEW), ended])
    fresh = refresh_catalogue(trained, dataset, courses, tiny_encoder, tmp_path)
    someone = Participant(region="Kota Bandung", birth_year=1995, interests=[WISH])
    tables = to_tables([someone], ["someone"], fresh.engine.reader.vocabularies.regions)
    ids = fresh.engine.recommend(fresh.engine.prepare(*tables, DAY)).slates.ids[0]
    assert NEW not in [fresh.engine.catalogue.ids[i] for i in ids if i >= 0]
