"""Several processes on one port: all answer, one that ends is replaced, and all end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from api.server.listening import GRACE_SECONDS
from models.bundles.promotion import promote
from store import keys
from store.database import open_store
from store.dataset_import import import_dataset
from tests.api.bundles import rename, reseal
from tests.api.serving import environment, serving
from tests.ports import free_port
from training_data.dataset import Dataset

WORKERS = 2


def children(process: subprocess.Popen[bytes]) -> set[int]:
    """Return the processes that answer: those of the system that helps to start them left out."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in found}
    return {pid for pid, line in lines.items() if b"spawn_main" in line}


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.05)


def is_served(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=20).is_success
    except httpx.TransportError:
        return False


def test_workers_share_a_port_and_what_happens(
    bundle_folder: Path, dataset: Dataset, tmp_path: Path
) -> None:
    bundles = tmp_path / "bundles"
    versions = [reseal(bundle_folder, bundles, rename(number)) for number in (1, 2)]
    promote(bundles, versions[0])
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    store = open_store(url)
    store.upgrade()
    import_dataset(store, dataset)
    with store.writing() as connection:
        key = keys.create(connection, "portal", ["portal"])
    name = dataset.read("participants")["participant_id"][0]
    headers = {"X-API-Key": key}

    def ask_each_anew(path: str, body: dict[str, object]) -> list[httpx.Response]:
        """Send a request over many connections, which the processes take as they come."""
        return [
            httpx.post(f"{served.url}{path}", json=body, headers=headers, timeout=60)
            for _ in range(12)
        ]

    with serving(tmp_path, url, None, "--workers", str(WORKERS)) as served:
        wait_for(lambda: len(children(served.process)) == WORKERS)
        answers = ask_each_anew("/v1/recommendations", {"participant_id": name})
        assert {answer.status_code for answer in answers} == {200}

        promote(bundles, versions[1])
        wait_for(
            lambda: (
                {
                    answer.json()["bundle_version"]
                    for answer in ask_each_anew("/v1/recommendations", {"participant_id": name})
                }
                == {versions[1]}
            )
        )
        gone = httpx.delete(f"{served.url}/v1/participants/{name}", headers=headers, timeout=60)
        assert gone.status_code == 200
        answers = ask_each_anew("/v1/recommendations", {"participant_id": name})
        assert {answer.status_code for answer in answers} == {404}

        with store.writing() as connection:
            keys.revoke(connection, (keys.split_key(key) or ("", ""))[0])
        wait_for(
            lambda: (
                {
                    answer.status_code
                    for answer in ask_each_anew("/v1/recommendations", {"participant": {}})
                }
                == {401}
            ),
            20,
        )
        before = children(served.process)
        os.kill(min(before), signal.SIGKILL)
        wait_for(lambda: len(children(served.process) - {min(before)}) == WORKERS)
        wait_for(lambda: is_served(served.url))
        left = children(served.process)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(GRACE_SECONDS) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in left)
    store.engine.dispose()


def test_a_limit_is_that_of_each_worker(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client has the limit once a process, as its headers say; and no more, over however many connections."""
    url, limit = f"sqlite:///{tmp_path / 'store.sqlite'}", 25
    store = open_store(url)
    store.upgrade()
    with store.writing() as connection:
        key = keys.create(connection, "portal", ["portal"])
    store.engine.dispose()
    monkeypatch.setenv("PADAN_MAX_REQUESTS_PER_MINUTE", str(limit))
    with serving(tmp_path, url, bundle_folder, "--workers", str(WORKERS)) as served:
        answers = [
            httpx.get(f"{served.url}/v1/model", headers={"X-API-Key": key}, timeout=60)
            for _ in range(4 * WORKERS * limit)
        ]
    passed = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 429}
    faded = WORKERS * 2  # that a new minute may have begun meanwhile
    assert limit <= len(passed) <= WORKERS * limit + faded
    policies = {answer.headers["RateLimit-Policy"] for answer in passed}
    assert policies == {f'"requests";q={limit};w=60'}


def test_workers_end_when_their_parent_is_gone(bundle_folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    more = ("--workers", str(WORKERS), "--development")
    with serving(tmp_path, url, bundle_folder, *more) as served:
        wait_for(lambda: len(children(served.process)) == WORKERS)
        left = children(served.process)
        served.kill()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))


@pytest.mark.integration
def test_what_no_worker_can_use_ends_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    command = [
        str(Path(sys.executable).with_name("padan")),
        "serve",
        "--workers",
        "2",
        "--development",
        "--port",
        str(free_port()),
    ]
    done = subprocess.run(
        command, env=environment(tmp_path, url), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no current bundle" in done.stderr
