"""Speed of the service, against what the framework alone can do: on one core, with the load on another.

In one run: a bare FastAPI answer, the route with a constant list in place of the engine, and the whole
service, by id over all participants with a share of profiles that come with the request. Then the service
at 70% of its own maximum, at three times its maximum, and after that; every list that it gave meanwhile is
held to the rules. The maximum and the answers at 70% of it must be whole lists, not simple ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import orjson
import uvloop
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from evaluation.bench.load import Heard, Measured, at_full_speed, at_rate, request
from evaluation.bench.outcome import Outcome
from evaluation.bench.serve_checks import Permitted
from evaluation.bench.serve_data import build
from training_data.columns import Participants
from training_data.dataset import Dataset
from training_data.store import keys
from training_data.store.database import open_store
from training_data.store.loading import load

TARGET = 0.35  # of the constant answer's requests a second
MOST_P99_MS = 25.0
MOST_MIB = 600.0
LEAST_OVERLOADED = 0.8  # of the maximum
MOST_RECOVERY_SECONDS = 5
DEADLINE_SECONDS = 1.0
SHARE, OVERLOAD = 0.7, 3.0
CONNECTIONS = 64
INLINE_SHARE = 0.05
PATH = "/v1/recommendations"
P = Participants


@dataclass(frozen=True)
class Lengths:
    """Seconds of each phase."""

    full_speed: float = 10.0
    at_share: float = 20.0
    overload: float = 60.0
    after: float = 10.0


SHORT = Lengths(full_speed=4.0, at_share=6.0, overload=8.0, after=6.0)


def run(
    *,
    courses: int = 5_000,
    participants: int = 5_000,
    home: Path,
    lengths: Lengths = Lengths(),
    more_courses: tuple[int, ...] = (),
) -> Outcome:
    """Measure the service.

    Parameters
    ----------
    home : Path
        Data and bundles are made below it, and taken from there the next time.
    more_courses : tuple of int
        Catalogues whose speed is shown beside, without a target.
    """
    framework = _framework(lengths)
    found = _service(courses, participants, home, lengths)
    others = {str(size): _speed(size, participants, home, lengths) for size in sorted(more_courses)}
    constant = framework["constant"]
    ratio = found["requests_a_second"] / constant["requests_a_second"]
    checks = {
        "p99_at_70_percent": found["at_70_percent"]["p99_ms"] < MOST_P99_MS,
        "memory": found["mib"] < MOST_MIB,
        **found["overload"].pop("holds"),
    }
    _show(framework, found, others)
    return Outcome(
        bench="serve",
        figure=round(ratio, 3),
        target=TARGET,
        holds=ratio >= TARGET and all(checks.values()),
        details={
            "checks": checks,
            "ratio_by_processor_time": round(constant["processor_ms"] / found["processor_ms"], 3),
            "framework": framework,
            "service": found,
            "larger": others,
        },
    )


def _framework(lengths: Lengths) -> dict[str, Any]:
    host = "localhost"
    body = json.dumps({"participant_id": "sim-0000001", "k": 10}).encode()
    with _listening(["uvicorn", "api.ceiling:app", "--no-access-log"], {}) as served:
        return {
            name: _at_full_speed(served, [content], lengths.full_speed)[0]
            for name, content in (
                ("hello", request(host, "/hello")),
                ("constant", request(host, PATH, body)),
            )
        }


def _service(courses: int, participants: int, home: Path, lengths: Lengths) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    with _serving(courses, participants, home) as (served, requests, permitted):
        figures, most = _at_full_speed(served, requests, lengths.full_speed, permitted.heard)
        calm = served.rate(requests, SHARE * most.rate(), lengths.at_share, rng, permitted.heard)
        simple = permitted.degraded
        began = time.monotonic()
        over = served.rate(requests, OVERLOAD * most.rate(), lengths.overload, rng, permitted.heard)
        draining = time.monotonic() - began - lengths.overload
        degraded = permitted.degraded - simple
        after = served.rate(requests, most.rate() / 2, lengths.after, rng, permitted.heard)
        mib = served.mib()
    answered = over.status == 200
    wrong = permitted.wrong()
    recovery = int(np.ceil(draining + _recovery(after)))
    holds = {
        "whole_lists": simple == 0,
        "no_500": bool(np.isin(over.status, (200, 503)).all()),
        "no_wrong_answer": wrong == 0,
        "p99_under_the_deadline": over.milliseconds(0.99) < 1000 * DEADLINE_SECONDS,
        "throughput_kept": over.rate() >= LEAST_OVERLOADED * most.rate(),
        "recovers": recovery <= MOST_RECOVERY_SECONDS,
    }
    return figures | {
        "mib": mib,
        "at_70_percent": _figures(calm) | {"late_ms": round(1000 * calm.late, 2)},
        "overload": _figures(over)
        | {
            "offered_a_second": round(len(over.status) / over.length),
            "statuses": dict(zip(*_counted(over.status), strict=True)),
            "sent_away": round(float(np.mean(over.status == 503)), 3),
            "simple_share": round(degraded / max(int(answered.sum()), 1), 3),
            "wrong_answers": wrong,
            "recovery_seconds": recovery,
            "late_ms": round(1000 * over.late, 2),
            "holds": holds,
        },
    }


def _speed(courses: int, participants: int, home: Path, lengths: Lengths) -> dict[str, Any]:
    with _serving(courses, participants, home) as (served, requests, _):
        return _at_full_speed(served, requests, lengths.full_speed)[0] | {"mib": served.mib()}


def _at_full_speed(
    served: _Served, requests: list[bytes], seconds: float, heard: Heard | None = None
) -> tuple[dict[str, float], Measured]:
    """Measure the maximum, and the processor's time for each answer, which other programs disturb less."""
    before = served.processor_seconds()
    measured = served.full_speed(requests, seconds, heard)
    spent = served.processor_seconds() - before
    answered = int((measured.status == 200).sum())
    if not answered:
        raise RuntimeError(f"no answer but of status {np.unique(measured.status).tolist()}")
    return _figures(measured) | {"processor_ms": round(1000 * spent / answered, 3)}, measured


def _figures(measured: Measured) -> dict[str, float]:
    return {
        "requests_a_second": round(measured.rate(), 1),
        "p50_ms": round(measured.milliseconds(0.5), 2),
        "p99_ms": round(measured.milliseconds(0.99), 2),
    }


def _counted(status: NDArray[np.int64]) -> tuple[list[str], list[int]]:
    """Return the statuses of answers, 0 for a broken connection, and how many there were of each."""
    values, counts = np.unique(status, return_counts=True)
    return values.astype(str).tolist(), counts.tolist()


def _recovery(after: Measured) -> float:
    """Return the seconds after which every request is answered, and soon."""
    bad = (after.status != 200) | (after.seconds > MOST_P99_MS * 10 / 1000)
    return float(after.due[bad].max(initial=0.0))


class _Served:
    """A service that listens, and its process."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._process = process

    def full_speed(
        self, requests: list[bytes], seconds: float, heard: Heard | None = None
    ) -> Measured:
        return uvloop.run(at_full_speed(self.port, requests, CONNECTIONS, seconds, heard))

    def rate(
        self,
        requests: list[bytes],
        rate: float,
        seconds: float,
        rng: np.random.Generator,
        heard: Heard | None = None,
    ) -> Measured:
        return uvloop.run(at_rate(self.port, requests, rate, seconds, rng, heard))

    def processor_seconds(self) -> float:
        """Time that the process has had of the processor."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def mib(self) -> float:
        """Memory of the process that listens."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return round(int(line.split()[1]) / 1024, 1)


@contextmanager
def _listening(command: list[str], environment: dict[str, str]) -> Iterator[_Served]:
    """Run a service on the first core and the load on the last, until the block ends."""
    cores = sorted(os.sched_getaffinity(0))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.sched_setaffinity(0, cores[:1])
    program = str(Path(sys.executable).with_name(command[0]))
    process = subprocess.Popen(  # noqa: S603
        [program, *command[1:], "--port", str(port)], env=os.environ | environment
    )
    try:
        os.sched_setaffinity(0, cores[-1:])
        _wait(f"http://127.0.0.1:{port}", process)
        yield _Served(port, process)
    finally:
        process.terminate()
        process.wait()
        os.sched_setaffinity(0, cores)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urlopen(f"{url}/openapi.json", timeout=60):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the service ended with status {process.returncode}")


@contextmanager
def _serving(
    courses: int, participants: int, home: Path
) -> Iterator[tuple[_Served, list[bytes], Permitted]]:
    """Run the whole service over a catalogue, everybody read once; give the requests and their checks."""
    dataset, bundle = build(home / f"serve-{courses}-{participants}", courses, participants)
    url = f"sqlite:///{dataset.folder.parent / f'store-{secrets.token_hex(4)}.sqlite'}"
    store = open_store(url)
    store.prepare()
    load(store, dataset)
    with store.writing() as connection:
        key = keys.create(connection, "bench", ["portal"])
    store.engine.dispose()
    requests, permitted = _requests(dataset, bundle, key)
    environment = {
        "PADAN_DATABASE_URL": url,
        "PADAN_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        "PADAN_REQUESTS_PER_MINUTE": "10000000",
    }
    command = ["padan", "serve", "--bundle", str(bundle)]
    try:
        with _listening(command, environment) as served:
            uvloop.run(_ask_all(served.port, requests))
            yield served, requests, permitted
    finally:
        for path in dataset.folder.parent.glob(f"{Path(url).name}*"):
            path.unlink()


async def _ask_all(port: int, requests: list[bytes]) -> None:
    """Ask for everybody once, so that the figures are of people whom the service has met."""
    left = iter(requests)
    await asyncio.gather(*(_ask_some(port, left) for _ in range(32)))


async def _ask_some(port: int, left: Iterator[bytes]) -> None:
    for content in left:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(content.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
        await reader.read()
        writer.close()


def _requests(dataset: Dataset, bundle: Path, key: str) -> tuple[list[bytes], Permitted]:
    """Return one request for each participant, some with the profile instead of the id."""
    people = dataset.read("participants")
    permitted = Permitted(bundle, people, dataset.read("interactions"), INLINE_SHARE)
    headers = [f"x-api-key: {key}"]
    bodies = [
        {"participant": profile} if profile else {"participant_id": name}
        for name, profile in zip(people[P.participant_id.name], permitted.profiles, strict=True)
    ]
    return [
        request("localhost", PATH, orjson.dumps(body | {"k": 10}), headers) for body in bodies
    ], permitted


def _show(framework: dict[str, Any], found: dict[str, Any], others: dict[str, Any]) -> None:
    table = Table(title="The service on one core")
    for name in ("", "requests/s", "p50 ms", "p99 ms", "processor ms", "MiB"):
        table.add_column(name, justify="left" if not name else "right")
    rows = {
        "FastAPI, bare": framework["hello"],
        "FastAPI, constant list": framework["constant"],
        "the service": found,
        f"at {SHARE:.0%} of that": found["at_70_percent"],
        f"at {OVERLOAD:.0f} x that": found["overload"],
        **{f"{int(size):,} trainings": figures for size, figures in others.items()},
    }
    for name, figures in rows.items():
        table.add_row(
            name,
            f"{figures['requests_a_second']:,.0f}",
            f"{figures['p50_ms']:.1f}",
            f"{figures['p99_ms']:.1f}",
            f"{figures['processor_ms']:.2f}" if "processor_ms" in figures else "",
            f"{figures['mib']:.0f}" if "mib" in figures else "",
        )
    Console().print(table)
