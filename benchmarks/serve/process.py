"""A service that listens on cores of its own, to be measured from another."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import uvloop

from benchmarks.serve.load import Heard, Measured, at_full_speed, at_rate

CONNECTIONS = 64


class Served:
    """A service that listens, and its process; where that has workers, these are counted with it."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._process = process

    def full_speed(
        self, requests: list[bytes], seconds: float, heard: Heard | None = None
    ) -> Measured:
        """Ask as fast as it answers."""
        return uvloop.run(at_full_speed(self.port, requests, CONNECTIONS, seconds, heard))

    def rate(
        self,
        requests: list[bytes],
        rate: float,
        seconds: float,
        rng: np.random.Generator,
        heard: Heard | None = None,
    ) -> Measured:
        """Ask so many times a second, at moments of chance."""
        return uvloop.run(at_rate(self.port, requests, rate, seconds, rng, heard))

    def processor_seconds(self) -> float:
        """Time that the service has had of the processor."""
        return sum(processor_seconds(pid) for pid in self.processes())

    def mib(self) -> float:
        """Memory of the service."""
        statuses = (Path(f"/proc/{pid}/status").read_text("ascii") for pid in self.processes())
        lines = (line for status in statuses for line in status.splitlines() if "VmRSS" in line)
        return round(sum(int(line.split()[1]) for line in lines) / 1024, 1)

    def processes(self) -> list[int]:
        """Return the process and its children."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [pid, *map(int, children.split())]


def processor_seconds(pid: int) -> float:
    """Return the time that a process has had of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    user, system = fields.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def cores_apart() -> Iterator[int]:
    """Keep to the last core until the block ends; give the first, on which services run.

    Garbage is left lying meanwhile: collecting it among all that a benchmark holds takes up to a tenth of a second,
    and what is answered then would seem to be answered so much later.
    """
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    gc.disable()
    try:
        yield cores[0]
    finally:
        gc.enable()
        os.sched_setaffinity(0, cores)


@contextmanager
def run_server(
    command: list[str], environment: dict[str, str], cores: Collection[int]
) -> Iterator[Served]:
    """Run a service on some cores until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).parent / command[0])
    process = subprocess.Popen(  # noqa: S603
        [program, *command[1:], "--port", str(port)], env=os.environ | environment
    )
    try:
        os.sched_setaffinity(process.pid, cores)
        _wait(f"http://127.0.0.1:{port}", process)
        yield Served(port, process)
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urlopen(f"{url}/openapi.json", timeout=60):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the service ended with status {process.returncode}")
