"""A bundle's parts: written and read they are the same, and what is put together otherwise is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.bundles.sealing import BundleError, seal
from models.ranking.additive import AdditiveRanker
from recommender.bundle.bundle import PARTS, load_bundle, load_engine, write_parts
from recommender.engine import Engine
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import FIXED_SHARE, BlendedRanker, FixedRanker, Ranker
from recommender.training.reference_data import load_reference_data
from recommender.training.train import index_participants
from tests.comparison import assert_same
from tests.recommender.worlds import DAY, World, random_world
from training_data.dataset import Dataset, DatasetInfo

pytestmark = pytest.mark.integration

EngineOf = Callable[[World], Engine]
WORLD = random_world(5, n_courses=60, n_participants=20)
HEAD: dict[str, Any] = {
    "created_on": DAY.isoformat(),
    "programme": "prakerja@2024",
    "regions": "indonesia@2024",
    "encoder": "tiny",
    "data": "none",
    "newest_event": None,
    "simulated": True,
    "objective": {},
    "metrics": {},
}
TABLE = np.random.default_rng(0).random((600, len(FEATURES)), dtype=np.float32)


def fit_rankers() -> dict[str, Ranker]:
    """Return a ranker of each kind; the blend is of all of them."""
    rng = np.random.default_rng(1)
    gains = (rng.random(len(TABLE)) < TABLE[:, 0]).astype(np.float32)
    curves = AdditiveRanker(trees=10, min_leaf=20)
    curves.fit(TABLE, gains, np.full(30, 20), list(FEATURES))
    outcome = ExpectedOutcome.fit(TABLE, rng.random(len(TABLE)) < TABLE[:, 1])
    relevance = BlendedRanker.of(curves, FixedRanker(), TABLE, FIXED_SHARE)
    return {
        "fixed": FixedRanker(),
        "additive": curves,
        "expected_outcome": outcome,
        "blended": BlendedRanker.of(relevance, outcome, TABLE, 0.3),
    }


@pytest.fixture(scope="module")
def rankers() -> dict[str, Ranker]:
    return fit_rankers()


@pytest.fixture(scope="module")
def write(
    engine_of: EngineOf, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Ranker], Path]:
    """Return what writes an engine with a ranker as a bundle's parts."""
    dataset = Dataset.create(tmp_path_factory.mktemp("data"), DatasetInfo(simulated=True))
    folders = load_reference_data(dataset).folders
    engine = engine_of(WORLD)
    neighbours, population = index_participants(engine, WORLD.participants, DAY)

    def write_with(ranker: Ranker) -> Path:
        folder = tmp_path_factory.mktemp("parts")
        write_parts(folder, replace(engine, ranker=ranker), neighbours, population, folders)
        return folder

    return write_with


@pytest.fixture(scope="module")
def parts(write: Callable[[Ranker], Path], rankers: dict[str, Ranker]) -> Path:
    """The parts of a bundle with a blended ranker."""
    return write(rankers["blended"])


def change_and_load(parts: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Seal parts that are put together in another way, and load them as whoever serves them does."""
    copy = folder / "copy"
    shutil.copytree(parts, copy)
    content = json.loads((copy / PARTS).read_text(encoding="utf-8"))
    change(content)
    (copy / PARTS).write_text(json.dumps(content), encoding="utf-8")
    manifest = seal(copy, folder, HEAD)
    load_bundle(folder / manifest.version)


def test_a_bundle_that_is_sealed_as_it_was_written_is_read(parts: Path, tmp_path: Path) -> None:
    change_and_load(parts, tmp_path, lambda _: None)


def test_two_features_swapped_are_refused_by_name(parts: Path, tmp_path: Path) -> None:
    def swap(content: dict[str, Any]) -> None:
        names = content["features"]
        names[2], names[5] = names[5], names[2]

    with pytest.raises(
        BundleError, match=rf"'{FEATURES[5]}' instead of '{FEATURES[2]}' at place 3"
    ):
        change_and_load(parts, tmp_path, swap)


@pytest.mark.parametrize("names", [FEATURES[:-1], (*FEATURES, "height"), ()])
def test_more_or_fewer_features_are_refused(
    parts: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    with pytest.raises(BundleError, match=rf"{len(names)} instead of {len(FEATURES)} of them"):
        change_and_load(parts, tmp_path, lambda content: content.update(features=list(names)))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda content: content.update(ranker={"kind": "boosted"}), r"ranker: .*'boosted'"),
        (
            lambda content: content["ranker"]["first"].update(kind="boosted"),
            r"ranker\.blended\.first: .*'boosted'",
        ),
        (lambda content: content["ranker"].pop("share"), r"ranker\.blended\.share: "),
        (lambda content: content["ranker"].update(depth=6), r"ranker\.blended\.depth: "),
        (lambda content: content["sources"].append("horoscope"), r"sources\.0: .*"),
        (lambda content: content.pop("features"), r"features: "),
        (lambda content: content.update(index="flat"), r"index: "),
    ],
)
def test_what_is_put_together_in_an_unknown_way_is_refused_by_name(
    parts: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    with pytest.raises(BundleError, match=rf"{PARTS}: {named}.*; train again"):
        change_and_load(parts, tmp_path, change)


@pytest.mark.parametrize("kind", ["fixed", "additive", "expected_outcome", "blended"])
def test_a_ranker_of_every_kind_is_the_same_after_writing_and_reading(
    write: Callable[[Ranker], Path], rankers: dict[str, Ranker], kind: str
) -> None:
    folder = write(rankers[kind])
    assert json.loads((folder / PARTS).read_text(encoding="utf-8"))["ranker"]["kind"] == kind
    ranker = load_engine(folder).ranker
    assert type(ranker) is type(rankers[kind])
    assert_same(ranker.score(TABLE), rankers[kind].score(TABLE))
    assert_same(ranker.contributions(TABLE), rankers[kind].contributions(TABLE))


def test_an_engine_recommends_the_same_after_writing_and_reading(
    engine_of: EngineOf, parts: Path, rankers: dict[str, Ranker]
) -> None:
    engines = replace(engine_of(WORLD), ranker=rankers["blended"]), load_engine(parts)
    slates = [
        engine.recommend(engine.prepare(WORLD.participants, WORLD.events, DAY)).slates
        for engine in engines
    ]
    assert (slates[0].ids >= 0).any()
    assert_same(slates[0].ids, slates[1].ids)
    np.testing.assert_allclose(slates[0].scores, slates[1].scores, rtol=1e-5)


def test_an_engine_that_reads_no_texts_is_not_written(engine_of: EngineOf, tmp_path: Path) -> None:
    engine = engine_of(WORLD)
    neighbours, population = index_participants(engine, WORLD.participants, DAY)
    silent = replace(engine, reader=replace(engine.reader, linkers=None))
    with pytest.raises(BundleError, match="reads no texts"):
        write_parts(tmp_path, silent, neighbours, population, {})
