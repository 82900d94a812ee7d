"""Training: a sealed bundle from a dataset, whatever the dataset lacks, the same for the same seed."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.bundles.promotion import current, promote
from models.bundles.sealing import BundleError
from models.text.encoder import SentenceEncoder
from recommender.bundle.bundle import Bundle, load_bundle
from recommender.objective import Objective
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.rankers import BlendedRanker, FixedRanker
from recommender.settings import SlateSettings
from recommender.training.train import train
from training_data.columns import Courses, Interactions, Participants, complete_columns
from training_data.dataset import Dataset, DatasetInfo
from training_data.simulation import simulate_dataset

pytestmark = pytest.mark.integration

DAY = dt.date(2024, 6, 15)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def simulated(home: Path) -> Dataset:
    return simulate_dataset(home / "simulated", 400, DAY)


@pytest.fixture(scope="module")
def bundle(home: Path, simulated: Dataset, tiny_encoder: SentenceEncoder) -> Bundle:
    manifest = train(simulated, tiny_encoder, home, DAY)
    return load_bundle(home / "bundles" / manifest.version)


def recommend(bundle: Bundle, dataset: Dataset) -> np.ndarray:
    some, events = dataset.read("participants")[:40], dataset.read("interactions")
    prepared = bundle.engine.prepare(some, events, DAY)
    return bundle.engine.recommend(prepared, SlateSettings(k=5)).slates.ids


def test_the_manifest_says_what_the_bundle_was_made_of(bundle: Bundle, simulated: Dataset) -> None:
    manifest = bundle.manifest
    assert manifest.simulated
    assert manifest.data == simulated.fingerprint()
    assert manifest.newest_event == simulated.read("interactions")["at"].max()
    assert manifest.programme.startswith("prakerja@")
    assert manifest.metrics["courses"] == 432
    assert manifest.objective == Objective().model_dump()
    ranker = bundle.engine.ranker
    assert isinstance(ranker, BlendedRanker)
    assert isinstance(ranker.first, BlendedRanker)
    assert isinstance(ranker.second, ExpectedOutcome)
    assert not [
        name for name in manifest.parts if name.endswith((".pkl", ".pickle", ".joblib", ".pt"))
    ]


def test_the_same_seed_gives_the_same_bundle(
    simulated: Dataset, bundle: Bundle, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    again = train(simulated, tiny_encoder, tmp_path, DAY)
    assert again.version == bundle.manifest.version


def test_a_flipped_byte_in_any_part_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    for number, name in enumerate(bundle.manifest.parts):
        if number % 7:  # one in seven parts is enough to see
            continue
        copy = tmp_path / str(number)
        shutil.copytree(bundle.folder, copy)
        part = copy / name
        content = bytearray(part.read_bytes())
        if not content:
            continue
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
        with pytest.raises(BundleError, match="changed after sealing") as refused:
            load_bundle(copy)
        assert name in str(refused.value)


@pytest.mark.parametrize("change", ["missing", "added"])
def test_a_missing_or_added_part_is_refused(bundle: Bundle, tmp_path: Path, change: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle.folder, copy)
    if change == "missing":
        (copy / "courses.parquet").unlink()
    else:
        (copy / "extra.bin").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"missing|not in the manifest"):
        load_bundle(copy)


def test_promoting_changes_the_pointer_and_refuses_a_broken_bundle(
    bundle: Bundle, home: Path
) -> None:
    bundles = home / "bundles"
    promote(bundles, bundle.manifest.version)
    assert current(bundles) == bundle.folder
    broken = bundles / "broken"
    shutil.copytree(bundle.folder, broken)
    (broken / "courses.parquet").write_bytes(b"not parquet")
    with pytest.raises(BundleError):
        promote(bundles, "broken")
    assert current(bundles) == bundle.folder
    shutil.rmtree(broken)


def without(simulated: Dataset, folder: Path, *tables: str) -> Dataset:
    dataset = Dataset.create(folder, DatasetInfo(simulated=True))
    for table in simulated.tables():
        if table not in tables:
            dataset.write(table, simulated.read(table))
    return dataset


@pytest.mark.parametrize(
    "missing", [("interactions",), ("interactions", "participants", "classes")]
)
def test_a_dataset_without_events_gives_permitted_lists(
    simulated: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    dataset = without(simulated, tmp_path / "data", *missing)
    manifest = train(dataset, tiny_encoder, tmp_path, DAY)
    trained = load_bundle(tmp_path / "bundles" / manifest.version)
    assert trained.manifest.newest_event is None
    assert isinstance(trained.engine.ranker, BlendedRanker)
    assert isinstance(trained.engine.ranker.first, FixedRanker)
    assert (recommend(trained, simulated)[:, 0] >= 0).mean() > 0.3


def test_a_dataset_without_texts_lives_on_behaviour(
    simulated: Dataset, tiny_encoder: SentenceEncoder, tmp_path: Path
) -> None:
    dataset = without(simulated, tmp_path / "data", "courses")
    bare = simulated.read("courses").select(
        "course_id", "mode", "price_idr", "duration_hours", "region_code"
    )
    bare = bare.with_columns(
        title=pl.col("course_id"),
        provider_id=pl.lit("unknown"),
        skills=pl.lit([], pl.List(pl.String)),
        prerequisites=pl.lit([], pl.List(pl.String)),
    )
    dataset.write("courses", complete_columns(Courses, bare))
    manifest = train(dataset, tiny_encoder, tmp_path, DAY)
    trained = load_bundle(tmp_path / "bundles" / manifest.version)
    assert (recommend(trained, simulated)[:, 0] >= 0).mean() > 0.3


def test_a_person_of_whom_nothing_is_known_still_gets_a_list(bundle: Bundle) -> None:
    nobody = complete_columns(
        Participants,
        pl.DataFrame(
            {
                "participant_id": ["nobody"],
                "skills": [[]],
                "interests": [[]],
                "groups": [[]],
                "profiling_opt_out": [False],
            },
            schema_overrides={
                name: pl.List(pl.String) for name in ("skills", "interests", "groups")
            },
        ),
    )
    prepared = bundle.engine.prepare(nobody, Interactions.create_empty(), DAY)
    ids = bundle.engine.recommend(prepared).slates.ids[0]
    assert (ids >= 0).all()
    assert len(ids) == 10


def test_neighbours_are_found_on_both_sides(bundle: Bundle, simulated: Dataset) -> None:
    neighbours, engine = bundle.neighbours, bundle.engine
    course = engine.catalogue.ids[0]
    similar = neighbours.similar_courses(course, 5)
    assert len(similar) == 5
    assert course not in [other for other, _ in similar]
    assert [cosine for _, cosine in similar] == sorted((c for _, c in similar), reverse=True)
    indexed = set(simulated.read("participants")["participant_id"])
    assert {*neighbours.find_audience(course, 5)} <= indexed
