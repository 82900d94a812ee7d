"""A `padan serve` process on a port of its own, over a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.ports import free_port


def environment(home: Path, database_url: str) -> dict[str, str]:
    ours = {"PADAN_HOME": str(home), "PADAN_DATABASE_URL": database_url, "OMP_NUM_THREADS": "1"}
    return os.environ | ours


@contextmanager
def serving(home: Path, database_url: str, bundle: Path | None, *more: str) -> Iterator[Served]:
    """Run the service until the block ends, over a bundle or, for None, over what is promoted."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("padan")), "serve", "--port", str(port)]
    if bundle is not None:
        command += ["--bundle", str(bundle)]
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *more],
            env=environment(home, database_url),
            stdout=log,
            stderr=log,
        )
    served = Served(process, f"http://127.0.0.1:{port}", home / "serve.log")
    try:
        served.wait()
        yield served
    finally:
        served.kill()


class Served:
    """The process, and where it listens."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log

    def wait(self) -> None:
        """Return when the service is ready."""
        while True:
            if self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            try:
                if httpx.get(f"{self.url}/readyz", timeout=60).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
