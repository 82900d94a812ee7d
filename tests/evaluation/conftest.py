from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import settings

from evaluation.task import Task, task_from_dataset
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
