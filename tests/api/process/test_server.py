"""A crowd that comes while the event loop is busy does not wait at the door."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

import uvloop

from api.process.server import DOORS, Joined, doors

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
        servers = [await loop.create_server(Meeting, sock=door) for door in doors(bound)]
        guests = [socket.create_connection(bound.getsockname()) for _ in range(2 * DOORS)]
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
        joined = Joined(cast(asyncio.Transport, wire), asyncio.get_running_loop())
        joined.write(b"head,")
        assert wire.sent == []
        joined.write(b"body")
        assert wire.sent == [b"head,body"]
        joined.write(b"alone")
        await asyncio.sleep(0)
        assert wire.sent[1:] == [b"alone"]
        joined.write(b"last")
        joined.close()
        await asyncio.sleep(0)
        assert wire.sent[2:] == [b"last", b"closed"]

    uvloop.run(run())
