"""The same run on a Ray cluster: one head and two workers as processes, of which one is lost on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from recommender.batch.local import answer_here
from recommender.batch.on_ray import answer_on_ray
from recommender.batch.run import run
from recommender.batch.work import Work
from tests.recommender.batch.conftest import command_of, kill_at_random, read_files

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'padan[ray]'")
from ray.cluster_utils import Cluster  # noqa: E402

pytestmark = pytest.mark.integration


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for _ in range(2):
        started.add_node(num_cpus=1)
    yield started
    ray.shutdown()
    started.shutdown()


@pytest.fixture(scope="module")
def local(work: Work, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("local") / "out"
    run(work, out, answer_here)
    return read_files(out)


def test_the_bytes_are_those_of_this_machine(
    cluster: Cluster, work: Work, local: dict[str, bytes], tmp_path: Path
) -> None:
    done = run(work, tmp_path / "out", partial(answer_on_ray, address=cluster.address))
    assert done.shards == 12
    assert read_files(tmp_path / "out") == local


def test_a_worker_that_is_killed_on_the_way_costs_nothing(
    cluster: Cluster, work: Work, local: dict[str, bytes], tmp_path: Path
) -> None:
    answered, lost = threading.Event(), threading.Event()

    def lose() -> None:
        answered.wait()
        cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
        lost.set()

    thread = threading.Thread(target=lose)
    thread.start()

    def advance(_people: int) -> None:
        answered.set()
        if not lost.is_set():
            time.sleep(0.2)

    run(
        work,
        tmp_path / "out",
        partial(answer_on_ray, address=cluster.address),
        advance=advance,
    )
    thread.join()
    assert read_files(tmp_path / "out") == local


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bytes(
    cluster: Cluster, work: Work, local: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [*command_of(work, out), "--engine", "ray", "--address", cluster.address]
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - start
    assert read_files(out) == local
    shutil.rmtree(out)
    assert kill_at_random(command, out, local, 30, took) >= 1
