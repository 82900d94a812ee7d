"""A small population in shards, and what is asked of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from models.bundles.promotion import current
from recommender.batch.run import plan_work
from recommender.batch.shards import split_dataset
from recommender.batch.work import Work
from training_data.dataset import Dataset

PEOPLE = 10  # of a shard; 12 shards


@pytest.fixture(scope="session")
def dataset(tiny_home: Path) -> Dataset:
    return Dataset.open(tiny_home / "simulated")


@pytest.fixture(scope="session")
def shards(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return split_dataset(dataset, tmp_path_factory.mktemp("shards"), PEOPLE)


@pytest.fixture(scope="session")
def work(tiny_home: Path, shards: Path) -> Work:
    return plan_work(current(tiny_home / "bundles"), shards, dt.date.today())


def read_files(out: Path) -> dict[str, bytes]:
    """Return the files of a folder of results by name, without the lock."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != ".lock"}
