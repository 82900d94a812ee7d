"""Services that start in no time: each a fork of a process that has loaded its bundle, over a store of its own.

Run as ``python -m tests.api.fork_server BUNDLE DATABASE_URL``, it forks a service for each port that it reads, and
writes its process id.
"""

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
import uvicorn

from api.app import create_app
from api.deployment.releases import Release, Releases
from api.settings import ServiceSettings
from store.database import open_store
from tests.ports import free_port


class ForkServer:
    """Starts one service after the other; the one before must have ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = ""

    def start(self) -> None:
        """Start a service and return when it is ready."""
        port = free_port()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{port}\n")
        self._process.stdin.flush()
        self._child = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{port}"
        while True:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=60).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.02)

    def kill(self) -> None:
        """End the service as a power cut would: SIGKILL."""
        os.kill(self._child, signal.SIGKILL)


@contextmanager
def fork_server(bundle: Path, database_url: str) -> Iterator[ForkServer]:
    """Run a fork server until the block ends."""
    command = [sys.executable, "-m", __name__, str(bundle), database_url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield ForkServer(process)
        process.kill()


def main(bundle: str, database_url: str) -> None:
    release = Release.load(Path(bundle))
    for line in sys.stdin:
        child = os.fork()
        if not child:
            app = create_app(
                Releases(release), open_store(database_url), ServiceSettings(), development=True
            )
            uvicorn.run(app, port=int(line), log_level="critical")
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
