"""Who sends without end, or slowly, or reads slowly, is cut off, and holds up nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.server.connections import (
    BODY_SECONDS,
    HEAD_SECONDS,
    KEEP_ALIVE_SECONDS,
    MAX_FRAMING_BYTES,
    MAX_HEAD_BYTES,
    MAX_PIPELINED,
    SEND_SECONDS,
    Connections,
    GuardedConnection,
)

PART = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = PART + b"\r\n"
LARGE = 20_000_000  # more than the system keeps for who does not read
Client = Callable[[], socket.socket]


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the whole body, and answer with its length, or with much; or answer without it."""
    size, more = 0, scope["path"] != "/refused"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = bytes(LARGE) if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def run(
    scenario: Callable[[Connections, Client], Awaitable[None]],
    most: int = 100,
    of_an_address: int = 100,
) -> None:
    """Run a scenario against a server that is swept by the scenario alone."""

    async def serve() -> None:
        connections = Connections(most, of_an_address)
        config, state = uvicorn.Config(answer, log_config=None, ws="none"), ServerState()
        config.load()
        server = await asyncio.get_running_loop().create_server(
            lambda: GuardedConnection(
                connections, config=config, server_state=state, app_state={}, _loop=None
            ),
            "127.0.0.1",
            0,
        )
        address = server.sockets[0].getsockname()
        opened: list[socket.socket] = []

        def connect() -> socket.socket:
            client = socket.create_connection(address)
            client.setblocking(False)
            opened.append(client)
            return client

        try:
            await scenario(connections, connect)
        finally:
            for client in opened:
                client.close()
            connections.abort()
            server.close()

    uvloop.run(serve())


async def send(client: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(client, data)
    await asyncio.sleep(0.002)


async def read(client: socket.socket) -> bytes:
    """Return what is there to read; b"" where the other end is closed."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(2):
            return await loop.sock_recv(client, 100_000)
    except ConnectionError:
        return b""


async def is_open(client: socket.socket) -> bool:
    try:
        async with asyncio.timeout(0.05):
            return bool(await asyncio.get_running_loop().sock_recv(client, 100_000))
    except TimeoutError:
        return True
    except ConnectionError:
        return False


@pytest.mark.parametrize("packet", [300, 5_000, MAX_HEAD_BYTES + 1])
@pytest.mark.parametrize("start", [b"", b"X-A: ", b"X-A: b\r\nX-"])
def test_a_head_without_end_is_refused(packet: int, start: bytes) -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client, sent = connect(), 0
        await send(client, PART + start)
        while sent <= MAX_HEAD_BYTES:
            await send(client, b"a" * packet)
            sent += packet
        answered = await read(client)
        assert answered.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in answered
        assert not await read(client)

    run(scenario)


def test_a_long_head_in_one_packet_is_refused_and_a_shorter_one_is_not() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        for length, status in ((MAX_HEAD_BYTES - 100, b"200"), (MAX_HEAD_BYTES + 1, b"431")):
            client = connect()
            await send(client, PART + b"X-A: " + b"a" * length + b"\r\n\r\n")
            assert (await read(client)).startswith(b"HTTP/1.1 " + status)

    run(scenario)


def test_a_large_body_and_many_chunks_are_no_head() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client = connect()
        body = b"b" * (4 * MAX_HEAD_BYTES)
        await send(client, PART + b"Content-Length: %d\r\n\r\n" % len(body) + body[:1])
        await send(client, body[1:])
        assert (await read(client)).endswith(str(len(body)).encode())
        await send(client, PART + b"Transfer-Encoding: chunked\r\n\r\n")
        for _n in range(50):
            await send(client, b"1000\r\n" + b"c" * 0x1000 + b"\r\n")
        await send(client, b"0\r\n\r\n")
        assert (await read(client)).endswith(str(50 * 0x1000).encode())

    run(scenario)


def test_the_body_of_what_was_answered_without_it_is_no_head_of_the_next() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client, body = connect(), b"b" * (4 * MAX_HEAD_BYTES)
        head = PART.replace(b"/ ", b"/refused ", 1) + b"Content-Length: %d\r\n\r\n" % len(body)
        await send(client, head)
        assert (await read(client)).startswith(b"HTTP/1.1 200 ")
        for first in range(0, len(body), 10_000):
            await send(client, body[first : first + 10_000])
        await send(client, WHOLE)
        answered = await read(client)
        assert answered.startswith(b"HTTP/1.1 200 ")
        assert answered.count(b"HTTP/1.1") == 1

    run(scenario)


def test_a_trailer_without_end_after_the_answer_ends_the_connection_without_a_second() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client = connect()
        chunks = b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: "
        await send(client, PART.replace(b"/ ", b"/refused ", 1) + chunks)
        assert (await read(client)).startswith(b"HTTP/1.1 200 ")
        with suppress(ConnectionError):
            for _n in range(40):
                await send(client, b"t" * 1_000)
        assert not await read(client)

    run(scenario)


@pytest.mark.parametrize("path", [b"/", b"/refused"])
def test_a_body_in_small_chunks_ends_before_it_costs_much(path: bytes) -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client, sent = connect(), 0
        head = PART.replace(b"/ ", path + b" ", 1)
        await send(client, head + b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while sent < 4 * MAX_FRAMING_BYTES:
                await send(client, b"1\r\n \r\n" * 1_000)
                sent += 6_000
        answered = await read(client)
        assert answered.startswith(b"HTTP/1.1 400 " if path == b"/" else b"HTTP/1.1 200 ")
        assert not await is_open(client)

    run(scenario)


def test_requests_before_an_answer_are_few() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client = connect()
        await send(client, WHOLE * MAX_PIPELINED)
        assert (await read(client)).count(b"HTTP/1.1 200 ") == MAX_PIPELINED
        await send(client, WHOLE * 5_000)
        with suppress(ConnectionError):
            assert not await read(client)
        assert not await is_open(client)

    run(scenario)


def test_a_trailer_without_end_is_refused() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client = connect()
        await send(client, PART + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: ")
        with suppress(ConnectionError):
            for _n in range(40):
                await send(client, b"t" * 1_000)
        assert (await read(client)).startswith(b"HTTP/1.1 431 ")

    run(scenario)


@pytest.mark.parametrize(
    ("sent", "seconds", "answered"),
    [
        (b"", HEAD_SECONDS, b""),
        (PART, HEAD_SECONDS, b"HTTP/1.1 408 "),
        (PART + b"Content-Length: 9\r\n\r\nab", BODY_SECONDS, b"HTTP/1.1 408 "),
        (PART + b"Transfer-Encoding: chunked\r\n\r\n", BODY_SECONDS, b"HTTP/1.1 408 "),
        (WHOLE, KEEP_ALIVE_SECONDS, b"HTTP/1.1 200 "),
        (WHOLE + PART, HEAD_SECONDS, b"HTTP/1.1 200 "),
    ],
    ids=["nothing", "head", "body", "chunks", "idle", "second head"],
)
def test_who_sends_too_slowly_is_cut_off(sent: bytes, seconds: int, answered: bytes) -> None:
    async def scenario(connections: Connections, connect: Client) -> None:
        client = connect()
        await send(client, sent)
        connections.sweep(1.0)  # sees what it waits for
        for _ in range(seconds - 1):
            connections.sweep(1.0)
        got = await read(client) if answered == b"HTTP/1.1 200 " else b""
        assert await is_open(client)
        connections.sweep(1.0)
        got = got or await read(client)
        assert got.startswith(answered)
        await asyncio.sleep(0.01)
        while rest := await read(client):  # the 408 after a 200
            got += rest
        assert not await is_open(client)

    run(scenario)


def test_a_head_that_drips_is_not_forgiven() -> None:
    async def scenario(connections: Connections, connect: Client) -> None:
        client = connect()
        await send(client, PART)
        for _ in range(HEAD_SECONDS + 1):
            await send(client, b"X-A: b\r\n")
            connections.sweep(1.0)
        assert (await read(client)).startswith(b"HTTP/1.1 408 ")

    run(scenario)


def test_who_does_not_read_is_cut_off() -> None:
    async def scenario(connections: Connections, connect: Client) -> None:
        client = connect()
        await send(client, WHOLE.replace(b" / ", b" /large "))
        for _ in range(SEND_SECONDS + 1):
            connections.sweep(1.0)
        await asyncio.sleep(0.01)
        total = 0
        while part := await read(client):
            total += len(part)
        assert 0 < total < LARGE

    run(scenario)


def test_where_there_are_too_many_the_oldest_that_asked_for_nothing_go() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        good = connect()
        await send(good, WHOLE)
        assert await read(good)
        strangers = [connect() for _ in range(30)]
        for one in strangers:
            await send(one, PART)
        late = connect()
        await send(late, WHOLE)
        assert (await read(late)).startswith(b"HTTP/1.1 200 ")
        await send(good, WHOLE)
        assert (await read(good)).startswith(b"HTTP/1.1 200 ")
        still = [await is_open(one) for one in strangers]
        assert sum(still) <= 18
        assert still == sorted(still)

    run(scenario, most=20, of_an_address=20)


def test_what_is_no_http_gets_a_problem() -> None:
    async def scenario(_: Connections, connect: Client) -> None:
        client = connect()
        await send(client, b"\x16\x03\x01\x02\x00 nonsense\r\n\r\n")
        answered = await read(client)
        assert answered.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in answered

    run(scenario)
