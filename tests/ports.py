"""Ports for the services that tests start."""

from __future__ import annotations

import os
import random
import socket
from typing import Final

# Below those that the system hands out itself, and some for each process of pytest: a port found free is
# listened on seconds or minutes later, and must not be somebody else's by then.
FIRST: Final = 12_000
FOR_EACH: Final = 2_000


def free_port() -> int:
    """Return a port of this machine that nobody listens on, and that nobody else is going to."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ours = range(FIRST + worker * FOR_EACH, FIRST + (worker + 1) * FOR_EACH)
    for port in random.sample(ours, len(ours)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port is free from {ours.start} to {ours.stop}")
