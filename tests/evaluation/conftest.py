from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from evaluation.cutoff import task_from_dataset
from evaluation.entrants import POOL, Rankings
from evaluation.task import Task
from training_data.dataset import Dataset
from training_data.simulation import simulate_dataset

# a busy machine is no fault of the code
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = tmp_path_factory.mktemp("evaluation") / "simulated"
    simulate_dataset(folder, 1500, dt.date(2024, 10, 1))
    return Dataset.open(folder)


@pytest.fixture(scope="session")
def task(dataset: Dataset) -> Task:
    return task_from_dataset(dataset)


@pytest.fixture(scope="session")
def leaky(task: Task) -> Rankings:
    """A run that ranks what the people took in the test."""
    ranked = np.full((len(task.people), POOL), -1, dtype=np.int32)
    for user in np.flatnonzero(task.truth.sizes):
        items = task.truth.items[task.truth.indptr[user] : task.truth.indptr[user + 1]][:POOL]
        ranked[user, : len(items)] = items
    scores = np.where(ranked >= 0, 1.0, -np.inf).astype(np.float32)
    return Rankings("leaky", ranked, scores, "")
