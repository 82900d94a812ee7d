"""The engine that serves, on the benchmark's task: its own dataset directory, its own `train`, its own lists."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.quality.data import QualityData, find_horizon
from benchmarks.quality.figures import OURS
from benchmarks.quality.peer_results import Entry
from benchmarks.quality.source_figures import measure_sources
from benchmarks.quality.task import Ids, RankingTask
from models.bundles.training_report import TrainingReport
from models.candidates.interactions import Interactions
from models.text.encoder import TextEncoder
from recommender.bundle.bundle import load_engine
from recommender.engine import Engine
from recommender.settings import SlateSettings
from recommender.training.settings import TrainSettings
from recommender.training.train import train
from training_data.columns import Courses, Participants, complete_columns
from training_data.columns import Interactions as Events
from training_data.dataset import Dataset, DatasetInfo

EPOCH: Final = dt.date(2020, 1, 1)  # of logs without a clock of their own
FIRST, LAST = 315_532_800, 4_102_444_800  # seconds: 1980 to 2100, what may be a clock
MAX_DESCRIPTION: Final = 400  # bytes: title and opening say what a course is about
STEP: Final = 60  # seconds between events that are only in order
RULES: Final = """id = "open"
name = "Everybody may take everything"
version = "1"
currency = "IDR"
languages = ["en"]

[[rule]]
kind = "grant"
valid_from = 1970-01-01
source = "a public log knows no programme"
amount = 0
"""


class Served(NamedTuple):
    """The engine's lists, its sources alone, and what training reports."""

    entry: Entry
    sources: dict[str, Any]
    training: TrainingReport


def rank_as_served(
    data: QualityData, task: RankingTask, encoder: TextEncoder, home: Path, k: int
) -> Served:
    """Train the product on the task's past and ask it for everybody's list.

    Parameters
    ----------
    home : Path
        The dataset directory and the bundle are made below it.
    """
    began = time.monotonic()
    dataset = write_dataset(data, task.past, home / "quality" / data.name)
    events = dataset.read("interactions")
    last: dt.datetime = events[Events.at.name].max()  # type: ignore[assignment]
    settings = TrainSettings(horizon=find_horizon(data))
    manifest = train(dataset, encoder, home, last.date(), settings=settings)
    engine = load_engine(home / "bundles" / manifest.version)
    trained = time.monotonic() - began
    warm, cold = (_ask(engine, dataset, users, last, k) for users in (task.warm, task.cold))
    tuning = {"params": {}, "figure": 0.0, "trials": 1, "seconds": trained}
    people = dataset.read("participants")[task.warm]
    sources = measure_sources(engine, people, events, last.date(), task, k)
    if manifest.training is None:
        raise ValueError("the bundle tells nothing of its training")
    return Served(Entry(OURS, warm, cold, tuning, trained), sources, manifest.training)


def write_dataset(data: QualityData, past: Interactions, folder: Path) -> Dataset:
    """Write what may be learnt from as a dataset directory; ids are numbers of the benchmark's tables."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open.toml").write_text(RULES, encoding="utf-8")
    dataset = Dataset.create(folder, DatasetInfo(programme="open.toml", language="en"))
    titles = data.texts or _name_by_attributes(data) or [""] * past.n_items
    courses = pl.DataFrame(
        {
            Courses.course_id.name: _number(past.n_items),
            Courses.title.name: [
                _cut(title.strip(), 500) or f"course {row}" for row, title in enumerate(titles)
            ],
            Courses.description.name: [_cut(title, MAX_DESCRIPTION) or None for title in titles],
        },
        schema_overrides={Courses.description.name: pl.String},
    ).with_columns(
        pl.lit("provider").alias(Courses.provider_id.name),
        pl.lit([], pl.List(pl.String)).alias(Courses.skills.name),
        pl.lit([], pl.List(pl.String)).alias(Courses.prerequisites.name),
        pl.lit("self_paced").alias(Courses.mode.name),
        pl.lit(0, pl.Int64).alias(Courses.price_idr.name),
    )
    nothing = pl.lit([], pl.List(pl.String))
    people = pl.DataFrame(
        {
            Participants.participant_id.name: _number(past.n_users),
            Participants.admitted_on.name: _list_days_of_joining(data),
        },
        schema_overrides={Participants.admitted_on.name: pl.Date},
    ).with_columns(
        *(
            nothing.alias(column.name)
            for column in (Participants.skills, Participants.interests, Participants.groups)
        ),
        pl.lit(False).alias(Participants.profiling_opt_out.name),
    )
    events = pl.DataFrame(
        {
            Events.event_id.name: _number(len(past)),
            Events.participant_id.name: past.users.astype(str),
            Events.course_id.name: past.items.astype(str),
            Events.at.name: pl.from_epoch(pl.Series(_to_clock(past)), "s").dt.replace_time_zone(
                "UTC"
            ),
        }
    ).with_columns(
        pl.lit("purchase").alias(Events.kind.name), pl.col(Events.at.name).dt.cast_time_unit("us")
    )
    for table, contract, rows in (
        ("courses", Courses, courses),
        ("participants", Participants, people),
        ("interactions", Events, events),
    ):
        dataset.write(table, complete_columns(contract, rows))
    return dataset


def _cut(text: str, size: int) -> str:
    """Return the beginning of a text, in at most so many bytes."""
    return text.encode()[:size].decode(errors="ignore")


def _number(count: int) -> list[str]:
    return [str(row) for row in range(count)]


def _name_by_attributes(data: QualityData) -> list[str] | None:
    """Return what a catalogue without texts has instead."""
    if data.item_attributes is None or data.attribute_names is None:
        return None
    names = np.array(data.attribute_names, dtype=object)
    starts, cells = data.item_attributes.indptr, data.item_attributes.indices
    return [" ".join(names[part]) for part in np.split(cells, starts[1:-1])]


def _list_days_of_joining(data: QualityData) -> list[dt.date | None]:
    """Return the day on which each participant registered, where the table and its clock tell."""
    if data.user_joined is None:
        return [None] * data.events.n_users
    known = (data.user_joined >= FIRST) & (data.user_joined <= LAST)  # nan is neither
    return [
        dt.datetime.fromtimestamp(at, tz=dt.UTC).date() if there else None
        for at, there in zip(data.user_joined.tolist(), known.tolist(), strict=True)
    ]


def _to_clock(past: Interactions) -> NDArray[np.int64]:
    """Return the events' clock where it may be one in seconds, else their order, a minute apart."""
    at = np.arange(len(past)) if past.at is None else past.at
    if past.at is not None and at.min() >= FIRST and at.max() <= LAST:
        return at
    order = np.unique(at, return_inverse=True)[1]
    start = int(dt.datetime.combine(EPOCH, dt.time(), dt.UTC).timestamp())
    return start + STEP * order.astype(np.int64)


def _ask(engine: Engine, dataset: Dataset, users: Ids, last: dt.datetime, k: int) -> Ids:
    people = dataset.read("participants")[users]
    events = dataset.read("interactions")
    ids = np.full((len(users), k), -1, dtype=np.int32)
    numbers = np.append(np.array(engine.catalogue.ids, dtype=np.int32), -1)
    first = 0
    for found in engine.recommend_blocks(people, events, last.date(), SlateSettings(k=k)):
        listed = numbers[found.slates.ids]
        ids[first : first + len(listed), : listed.shape[1]] = listed
        first += len(listed)
    return ids
