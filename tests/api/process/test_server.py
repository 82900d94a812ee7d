"""A crowd that comes while the event loop is busy is not kept waiting."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

import uvloop

from api.process.server import SOCKET_COPIES, SinglePacketTransport, duplicate_socket

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


class Wire:
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append(b"closed")


def test_a_head_goes_out_with_its_body_and_nothing_is_held_back() -> None:
    async def run() -> None:
        wire = Wire()
        transport = SinglePacketTransport(cast(asyncio.Transport, wire), asyncio.get_running_loop())
        transport.write(b"head,")
        assert wire.sent == []
        transport.write(b"body")
        assert wire.sent == [b"head,body"]
        transport.write(b"alone")
        await asyncio.sleep(0)
        assert wire.sent[1:] == [b"alone"]
        transport.write(b"last")
        transport.close()
        await asyncio.sleep(0)
        assert wire.sent[2:] == [b"last", b"closed"]

    uvloop.run(run())
