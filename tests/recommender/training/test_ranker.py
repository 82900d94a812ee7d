"""Learning to rank looks at the past only: no feature has seen the label that it is to foretell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.text.encoder import SentenceEncoder
from recommender.engine import Engine
from recommender.ranking.features import FEATURES
from recommender.retrieval.sources import Source, build_models
from recommender.training import labels as learning
from recommender.training.costs import Costs
from recommender.training.log import Log, collect_interactions, read_side
from recommender.training.ranker import learn_ranker
from recommender.training.reference_data import load_reference_data
from recommender.training.settings import TrainSettings
from recommender.training.train import build_untrained_engine
from training_data.columns import Interactions
from training_data.dataset import Dataset
from training_data.simulation import simulate_dataset

pytestmark = pytest.mark.integration

E = Interactions
SETTINGS = TrainSettings()
SMALL = {Source.SEQUENCE: {"dimensions": 16}}
DAY = dt.date(2024, 6, 15)
Tables = list[np.ndarray]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return simulate_dataset(tmp_path_factory.mktemp("data") / "simulated", 400, DAY)


@pytest.fixture(scope="module")
def engine(dataset: Dataset, tiny_encoder: SentenceEncoder) -> Engine:
    untrained = build_untrained_engine(dataset, load_reference_data(dataset), tiny_encoder, 0)
    return replace(untrained, models=build_models({}, simulated=True))


@pytest.fixture
def features_of(
    engine: Engine, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Tables]:
    """Learn from events, and return the features of all candidates that were looked at."""
    seen: Tables = []
    find_candidates = Engine.find_candidates

    def watch(self: Engine, *arguments: object) -> tuple[object, np.ndarray]:
        found, table = find_candidates(self, *arguments)
        seen.append(table)
        return found, table

    monkeypatch.setattr(Engine, "find_candidates", watch)
    participants = dataset.read("participants")
    side = read_side(engine, participants)

    def learn(events: pl.DataFrame, *, simulated: bool = True) -> Tables:
        seen.clear()
        known, rows = collect_interactions(
            participants, events, engine.catalogue.index, engine.objective
        )
        log = Log(dataset.read("courses"), participants, rows, known, side, "time")
        several = (
            engine if simulated else replace(engine, models=build_models(SMALL, simulated=False))
        )
        learn_ranker(several, log, SETTINGS, Costs(), 0, simulated=simulated)
        return list(seen)

    return learn


def with_another_future(events: pl.DataFrame) -> pl.DataFrame:
    """The events with other trainings and outcomes after the latest cutoff that is learnt from."""
    worthy = events.filter(E.kind.col != "impression")
    start = worthy[E.at.name].sort()[-int(len(worthy) * SETTINGS.backtest.window * 0.95)]
    swapped = {"purchase": "complete", "complete": "purchase", "rate": "start", "start": "rate"}
    later = E.at.col >= start
    return events.with_columns(
        pl.when(later).then(E.course_id.col.shuffle(seed=1)).otherwise(E.course_id.col),
        pl.when(later & E.kind.col.cast(pl.String).is_in(swapped))
        .then(E.kind.col.cast(pl.String).replace(swapped))
        .otherwise(E.kind.col.cast(pl.String))
        .cast(E.kind.dtype),
    )


def same(one: Tables, other: Tables) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(first, second, equal_nan=True)
        for first, second in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("simulated", [True, False])
def test_features_do_not_change_with_the_future(
    simulated: bool, dataset: Dataset, features_of: Callable[..., Tables]
) -> None:
    events = dataset.read("interactions")
    tables = features_of(events, simulated=simulated)
    assert len(tables) >= 2
    other = features_of(with_another_future(events), simulated=simulated)
    assert same(tables, other)


@pytest.mark.parametrize("leak", ["models", "completion", "history"])
def test_a_leak_is_seen(
    leak: str,
    dataset: Dataset,
    features_of: Callable[..., Tables],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each way in which a label could reach a feature, opened on purpose, makes the test above fail."""
    events = dataset.read("interactions")

    def opened(events: pl.DataFrame) -> Tables:
        with monkeypatch.context() as patched:
            if leak == "completion":
                add = learning.add_completion
                patched.setattr(learning, "add_completion", lambda c, _: add(c, events))
            elif leak == "history":
                prepare = Engine.prepare
                patched.setattr(
                    Engine, "prepare", lambda self, p, _, day: prepare(self, p, events, day)
                )
            else:
                fit, cutoffs = learning.fit_models, learning.backtest_cutoffs

                def all_of_it(known: object, *arguments: object) -> object:
                    patched.setattr(
                        learning,
                        "fit_models",
                        lambda models, _, side, costs, costly: fit(
                            models, known, side, costs, costly=costly
                        ),
                    )
                    return cutoffs(known, *arguments)

                patched.setattr(learning, "backtest_cutoffs", all_of_it)
            return features_of(events)

    assert not same(opened(events), opened(with_another_future(events)))


def test_every_feature_says_something(dataset: Dataset, features_of: Callable[..., Tables]) -> None:
    tables = features_of(dataset.read("interactions"))
    varying = np.ptp(np.concatenate([table.reshape(-1, len(FEATURES)) for table in tables]), axis=0)
    silent = {name for name, width in zip(FEATURES, varying, strict=True) if not width}
    assert silent <= {"placement", "vacancy_demand", "freshness", "behaviour"}
