"""What each way of making lists costs in NDCG, and what it gives for it.

Trained on the past, asked at one moment, judged by what people took afterwards. Everything is measured
against lists by relevance alone. On people simulated here the chance that somebody finishes a training is
the simulator's own; on other data it is the completion rate among those who took it after the border.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from evaluation import beyond_accuracy, metrics
from evaluation.cutoff import task_from_dataset, write_past
from evaluation.significance import bootstrap_means, interval
from evaluation.task import Task
from models.text.encoder import TextEncoder
from recommender.bundle.bundle import load_bundle
from recommender.catalogue.quality import add_completion, build_quality
from recommender.engine import Engine
from recommender.participants.encodings import topic_shares
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.rankers import BlendedRanker
from recommender.settings import Exploration, SlateSettings
from recommender.training.train import train
from training_data.arrays import encode_strings
from training_data.columns import Courses, Interactions, Participants
from training_data.dataset import Dataset
from training_data.simulation import build_world, simulate_dataset, simulate_people
from training_data.simulation.choices import completion_chance
from training_data.simulation.profiles import participant_ids

K: Final = 10
BLOCK: Final = 500
DAY: Final = dt.date(2024, 6, 15)
WIDTH: Final = 130  # of the table, on screen
TARGET: Final = 0.97  # of the NDCG of relevance alone, by the settings that are the default
NONE: Final = "none: relevance alone"
USUAL: Final = "the default settings"


@dataclass(frozen=True)
class Way:
    """One way of making lists."""

    settings: SlateSettings
    outcome_share: float = 0.0


_PLAIN: Final = SlateSettings(k=K, relevance_weight=1.0)
WAYS: Final[Mapping[str, Way]] = {
    NONE: Way(_PLAIN),
    USUAL: Way(SlateSettings(k=K)),
    **{
        f"diversity: relevance weight {weight}": Way(replace(_PLAIN, relevance_weight=weight))
        for weight in (0.9, 0.8, 0.7)
    },
    **{
        f"calibration: weight {weight}": Way(replace(_PLAIN, calibration_weight=weight))
        for weight in (0.05, 0.1, 0.2, 0.5)
    },
    **{f"provider cap: {cap}": Way(replace(_PLAIN, provider_cap=cap)) for cap in (3, 2, 1)},
    **{
        f"small providers: at least {places}": Way(replace(_PLAIN, small_provider_places=places))
        for places in (3, 5, 7)
    },
    **{
        f"exploration: {share:.0%} of lists": Way(
            replace(_PLAIN, exploration=Exploration(share=share))
        )
        for share in (0.1, 1.0)
    },
    **{f"outcome: share {share}": Way(_PLAIN, share) for share in (0.1, 0.2, 0.3, 0.5, 1.0)},
}

Completion = Callable[[NDArray[np.int32]], NDArray[np.float64]]


@dataclass(frozen=True)
class Row:
    """What one way gives and costs.

    Attributes
    ----------
    cost, low, high : float
        Change of NDCG against relevance alone, in percent of it, with the paired 95% interval.
    diversity : float
        Mean 1 - cosine over the pairs of a list.
    miscalibration : float
        Divergence of the list's topics from the person's, in nats.
    small_providers, largest_provider : float
        Share of all places with small providers, and with the one that has most.
    provider_gini : float
        Inequality of the places between providers.
    completion : float
        Expected share of the listed trainings that is finished by those who would take them.
    """

    ndcg: float
    cost: float
    low: float
    high: float
    diversity: float
    miscalibration: float
    small_providers: float
    largest_provider: float
    provider_gini: float
    completion: float


def run(
    encoder: TextEncoder, home: Path, *, data: Path | None = None, participants: int = 4_000
) -> BenchmarkResult:
    """Train on the past of a dataset, and make the lists of its people in every way.

    Parameters
    ----------
    encoder : TextEncoder
    home : Path
        Everything is written into a folder below, which is gone afterwards.
    data : Path, optional
        A dataset directory; where not given, people are simulated.
    participants : int
        Simulated people.

    Returns
    -------
    Outcome
        ``figure`` is the NDCG of the default settings over that of relevance alone.
    """
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home) as folder:
        place = Path(folder)
        dataset = (
            simulate_dataset(place / "simulated", participants, DAY)
            if data is None
            else Dataset.open(data)
        )
        task = task_from_dataset(dataset)
        past = write_past(task, place / "past")
        version = train(past, encoder, place, task.border.date()).version
        engine = load_bundle(place / "bundles" / version).engine
    engine = replace(engine, programme=task.programme)
    asked = _Asked.of(engine, task)
    completion = (
        _simulate_completion(task, asked.rows, participants)
        if data is None
        else _read_completion(task)
    )
    lists = {name: asked.lists(way) for name, way in WAYS.items()}
    rows = _measure(asked, lists, completion)
    _show(rows, len(asked.rows))
    figure = round(rows[USUAL].ndcg / rows[NONE].ndcg, 4)
    return BenchmarkResult(
        "reranking",
        figure,
        TARGET,
        figure >= TARGET,
        {
            "people": len(asked.rows),
            "simulated": task.dataset.info.simulated,
            "ways": {
                name: {figure: round(value, 4) for figure, value in asdict(row).items()}
                for name, row in rows.items()
            },
        },
    )


@dataclass(frozen=True)
class _Asked:
    """The people who took something after the border, as the engine reads them."""

    engine: Engine
    task: Task
    rows: NDArray[np.intp]
    blocks: list[PreparedParticipants]

    @classmethod
    def of(cls, engine: Engine, task: Task) -> _Asked:
        rows = np.flatnonzero(task.truth.sizes > 0)
        profiles, day = task.profiles[rows], task.border.date()
        blocks = [engine.prepare(block, task.events, day) for block in profiles.iter_slices(BLOCK)]
        return cls(engine, task, rows, blocks)

    def lists(self, way: Way) -> NDArray[np.int32]:
        """Return the lists made in one way, as rows of the task's catalogue (U, K)."""
        ranker = self.engine.ranker
        assert isinstance(ranker, BlendedRanker)  # noqa: S101 a trained bundle's always is
        engine = replace(self.engine, ranker=replace(ranker, share=way.outcome_share))
        return np.concatenate(
            [
                engine.recommend(block, way.settings, seeds=block.ids).slates.ids
                for block in self.blocks
            ]
        )

    @property
    def truth(self) -> metrics.Truth:
        """What they took; the people without a target have no items in the task's."""
        sizes = self.task.truth.sizes[self.rows]
        return metrics.Truth(np.concatenate([[0], np.cumsum(sizes)]), self.task.truth.items)


def _measure(
    asked: _Asked, lists: Mapping[str, NDArray[np.int32]], completion: Completion
) -> dict[str, Row]:
    catalogue, truth = asked.engine.catalogue, asked.truth
    topics = np.asarray(catalogue.topics.toarray(), dtype=np.float64)
    shares = np.concatenate([topic_shares(block.batch, catalogue) for block in asked.blocks])
    plain = metrics.ndcg(metrics.judge(lists[NONE], truth), K)
    rows = {}
    for name, ids in lists.items():
        ndcg = metrics.ndcg(metrics.judge(ids, truth), K)
        low, high = interval(bootstrap_means((ndcg - plain)[:, None]))
        percent = 100 / plain.mean()
        listed = ids[ids >= 0]
        places = np.bincount(catalogue.provider[listed], minlength=len(catalogue.providers))
        rows[name] = Row(
            ndcg=float(ndcg.mean()),
            cost=float((ndcg - plain).mean() * percent),
            low=float(low[0] * percent),
            high=float(high[0] * percent),
            diversity=float(
                np.nanmean(beyond_accuracy.intra_list_diversity(ids, asked.task.item_vectors))
            ),
            miscalibration=float(np.nanmean(beyond_accuracy.calibration(ids, topics, shares))),
            small_providers=float(catalogue.of_small_provider[listed].mean()),
            largest_provider=float(places.max() / places.sum()),
            provider_gini=beyond_accuracy.gini_coefficient(places),
            completion=float(np.nanmean(completion(ids))),
        )
    return rows


def _simulate_completion(task: Task, rows: NDArray[np.intp], participants: int) -> Completion:
    """Return the simulator's own chances of completion for the people at ``rows``."""
    world = build_world(DAY)
    people = simulate_people(world, 0, participants)
    ids = task.profiles[Participants.participant_id.name].gather(rows)
    target = people.target[encode_strings(ids, participant_ids(people).to_list())]
    course = encode_strings(
        task.catalogue.table[Courses.course_id.name],
        world.courses[Courses.course_id.name].to_list(),
    ).astype(np.int64)

    def completion(listed: NDArray[np.int32]) -> NDArray[np.float64]:
        wished = np.repeat(target[:, None], listed.shape[1], axis=1)
        chance = completion_chance(world, wished, course[np.maximum(listed, 0)])
        return np.where(listed >= 0, chance, np.nan)

    return completion


def _read_completion(task: Task) -> Completion:
    """Return the completion rates, shrunk, among those who took trainings after the border."""
    events = task.dataset.read("interactions").filter(Interactions.at.col >= task.border)
    without = task.catalogue.table.with_columns(
        pl.lit(None, pl.Float64).alias(Courses.completion_rate.name),
        pl.lit(None, pl.Int64).alias(Courses.completion_count.name),
    )
    rate = build_quality(add_completion(without, events)).completion.astype(np.float64)
    return lambda listed: np.where(listed >= 0, rate[np.maximum(listed, 0)], np.nan)


def _show(rows: Mapping[str, Row], people: int) -> None:
    table = Table("", title=f"Ways of making lists of {K}, for {people:,} people")
    for column in (
        f"NDCG@{K}",
        "cost, %",
        "95%",
        "diversity",
        "miscalib.",
        "small",
        "largest",
        "Gini",
        "completion",
    ):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(
            name,
            f"{row.ndcg:.4f}",
            f"{row.cost:+.1f}",
            f"{row.low:+.1f} to {row.high:+.1f}",
            *(
                f"{figure:.3f}"
                for figure in (
                    row.diversity,
                    row.miscalibration,
                    row.small_providers,
                    row.largest_provider,
                    row.provider_gini,
                    row.completion,
                )
            ),
        )
    Console(width=WIDTH).print(table)
