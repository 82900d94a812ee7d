"""Where the service listens."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS: Final = 75  # longer than a proxy's, so that it is the proxy who closes
# The event loop (uvloop) takes one new connection from a socket in a turn, and a turn lasts as long as a batch of
# lists. So that a crowd does not wait at the door, the socket is there so many times.
SOCKET_COPIES: Final = 32


def listen(app: ASGIApp, host: str, port: int) -> None:
    """Answer until the process is told to end."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(duplicate_socket(config.bind_socket()))


def duplicate_socket(bound: socket.socket) -> list[socket.socket]:
    """Return a socket as many times as the event loop is to take a connection from it in a turn."""
    return [bound, *(bound.dup() for _ in range(SOCKET_COPIES - 1))]
