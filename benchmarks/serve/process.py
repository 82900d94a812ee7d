"""A service that listens on a core of its own, to be measured from another."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import uvloop

from benchmarks.serve.load import Heard, Measured, at_full_speed, at_rate

CONNECTIONS = 64


class Served:
    """A service that listens, and its process."""

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
def run_server(command: list[str], environment: dict[str, str], core: int) -> Iterator[Served]:
    """Run a service on a core until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).parent / command[0])
    process = subprocess.Popen(  # noqa: S603
        [program, *command[1:], "--port", str(port)], env=os.environ | environment
    )
    try:
        os.sched_setaffinity(process.pid, [core])
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
