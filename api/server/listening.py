"""Where the service listens."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from functools import partial
from threading import Timer
from types import FrameType
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp

from api.server.connections import (
    KEEP_ALIVE_SECONDS,
    Connections,
    GuardedConnection,
    allow_connections,
)

# The event loop (uvloop) takes one new connection from a socket in a turn, and a turn lasts as long as a batch of
# lists. So that a crowd does not wait at the door, the socket is there so many times.
SOCKET_COPIES: Final = 32
TICKS: Final = 10  # of the server in a second
ANSWER_SECONDS: Final = 5  # for requests under way, once the process is told to end
GRACE_SECONDS: Final = 15  # from there to its end, whatever clients and the store do

log = logging.getLogger("padan.process")


def listen(
    app: ASGIApp,
    sockets: list[socket.socket],
    connections_of_an_address: int,
    parent: int | None = None,
) -> None:
    """Answer until the process is told to end.

    Parameters
    ----------
    connections_of_an_address : int
        Most connections of one client, or proxy.
    parent : int, optional
        Process that this one belongs to: it ends when that is gone.
    """
    connections = Connections(allow_connections(), connections_of_an_address)
    config = uvicorn.Config(
        app,
        http=cast(Any, partial(GuardedConnection, connections)),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # `api.addresses` reads them
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=ANSWER_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        _Server(config, connections, parent).run(sockets)


def bind(host: str, port: int) -> list[socket.socket]:
    """Return the sockets to listen on: one, as many times as connections are taken from it in a turn."""
    return duplicate_socket(uvicorn.Config("", host=host, port=port, log_config=None).bind_socket())


def duplicate_socket(bound: socket.socket) -> list[socket.socket]:
    """Return a socket as many times as the event loop is to take a connection from it in a turn."""
    return [bound, *(bound.dup() for _ in range(SOCKET_COPIES - 1))]


class _Server(uvicorn.Server):
    """A server that cuts off slow clients, and ends in time."""

    def __init__(
        self, config: uvicorn.Config, connections: Connections, parent: int | None
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._parent = parent

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections and the parent, once a second."""
        if counter % TICKS == 0:
            self._connections.sweep(1.0)
            if self._parent not in (None, os.getppid()):
                return True
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        if not self.should_exit:
            end = Timer(GRACE_SECONDS, _end)
            end.daemon = True
            end.start()
        super().handle_exit(sig, frame)

    async def _wait_tasks_to_complete(self) -> None:
        try:
            await super()._wait_tasks_to_complete()
        finally:
            self._connections.abort()


def _end() -> None:
    """End the process, whatever still hangs."""
    log.critical("not ended %d s after it was told to; what hangs is left", GRACE_SECONDS)
    logging.shutdown()
    os._exit(1)
