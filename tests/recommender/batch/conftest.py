"""A small population in shards, and what is asked of it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
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


def command_of(work: Work, out: Path) -> list[str]:
    """Return the command that answers the shards of ``work``, as it is typed."""
    command = [sys.executable, "-c", "from cli.main import app; app()", "batch"]
    command += ["--participants", str(work.folder), "--out", str(out)]
    return [*command, "--bundle", str(work.bundle), "--day", work.stamp.day]


def kill_at_random(
    command: Sequence[str], out: Path, expected: dict[str, bytes], kills: int, longest: float
) -> int:
    """Run a command, kill it again and again, and compare each time that it comes to its end; return how often."""
    rng, ends, done = np.random.default_rng(7), 0, 0
    while done < kills or ends == 0:
        process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            code = process.wait(rng.uniform(0, longest) if done < kills else None)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            continue
        assert code == 0
        assert read_files(out) == expected
        shutil.rmtree(out)
        ends += 1
    return ends
