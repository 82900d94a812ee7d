"""A crowd that comes while the event loop is busy is not kept waiting."""

from __future__ import annotations

import asyncio
import socket

import uvloop

from api.server.listening import SOCKET_COPIES, duplicate_socket

TURNS = 6


def test_connections_are_taken_many_in_a_turn() -> None:
    met: list[asyncio.BaseTransport] = []

    class Meeting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            met.append(transport)

    async def run() -> None:
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Meeting, sock=copy) for copy in duplicate_socket(bound)]
        guests = [socket.create_connection(bound.getsockname()) for _ in range(2 * SOCKET_COPIES)]
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert len(met) == len(guests)
        for one in (*guests, *met, *servers):
            one.close()

    uvloop.run(run())
