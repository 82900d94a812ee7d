"""Where the service listens."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

KEEP_ALIVE_SECONDS: Final = (
    75  # longer than proxies keep a connection, so that it is they who close it
)
# The event loop (uvloop) takes one new connection from a socket in a turn, and a turn lasts as long as a
# batch of lists. So that a crowd does not wait at the door, the socket is there so many times.
SOCKET_COPIES: Final = 32


def listen(app: ASGIApp, host: str, port: int) -> None:
    """Answer until the process is told to end."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=SinglePacketProtocol,
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


class SinglePacketProtocol(HttpToolsProtocol):
    """HTTP whose answers go out whole: uvicorn writes the head and the body, and each as it comes is a packet."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(SinglePacketTransport(transport, self.loop))  # type: ignore[arg-type]


class SinglePacketTransport:
    """A transport that sends what is written first together with what is written next, or in the next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._first: bytes | None = None

    def write(self, data: bytes) -> None:
        """Send, at once or in the next turn of the event loop."""
        if self._first is None:
            self._first = data
            self._loop.call_soon(self._send)
        else:
            first, self._first = self._first, None
            self._transport.write(first + data)

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._first is not None:
            first, self._first = self._first, None
            self._transport.write(first)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
