"""A whole simulated dataset directory, streamed: no more than a chunk of people is in memory."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from training_data.dataset import Dataset, DatasetInfo
from training_data.demo import demo_classes
from training_data.simulation.events import simulate_interactions
from training_data.simulation.homes import REGION_PACK
from training_data.simulation.people import simulate_people
from training_data.simulation.profiles import participant_table
from training_data.simulation.world import PROGRAMME, World, build_world

CHUNK: Final = 20_000
STREAMED: Final = ("participants", "interactions")


def simulate_dataset(
    folder: str | Path,
    n: int,
    day: dt.date,
    seed: int = 0,
    chunk: int = CHUNK,
    progress: Callable[[int], None] = lambda _: None,
) -> Dataset:
    """Write courses, classes, ``n`` participants and their interactions before ``day``.

    Parameters
    ----------
    folder : str or Path
        Dataset directory; its tables are replaced.
    n : int
        Participants.
    day : date
        In 2024 or later; classes start after it.
    seed : int
        The same seed, ``n`` and ``day`` give the same rows; a larger ``n`` adds people only.
    chunk : int
        People in memory at a time.
    progress : callable
        Called with the number of people just written.
    """
    world = build_world(day, seed)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".parts-") as parts:
        for number, first in enumerate(range(0, n, chunk)):
            count = min(chunk, n - first)
            _write_part(world, first, count, Path(parts), number)
            progress(count)
        # dataset.toml comes when all people are there: whoever stops before leaves no half dataset.
        info = DatasetInfo(programme=PROGRAMME, region_pack=REGION_PACK, simulated=True)
        dataset = Dataset.create(folder, info)
        dataset.write("courses", world.courses)
        dataset.write("classes", demo_classes(day, seed))
        for table in STREAMED:
            _join(Path(parts), table, dataset.path(table))
    return dataset


def _write_part(world: World, first: int, count: int, parts: Path, number: int) -> None:
    """Write one chunk; the tables are validated where they are made."""
    people = simulate_people(world, first, count)
    interactions, spent = simulate_interactions(world, people)
    tables = {
        "participants": participant_table(world, people, spent),
        "interactions": interactions,
    }
    for name in STREAMED:
        tables[name].write_parquet(parts / f"{name}-{number:06}.parquet")


def _join(parts: Path, table: str, path: Path) -> None:
    fresh = path.with_suffix(".parquet.new")
    pl.scan_parquet(sorted(parts.glob(f"{table}-*.parquet"))).sink_parquet(fresh)
    os.replace(fresh, path)
