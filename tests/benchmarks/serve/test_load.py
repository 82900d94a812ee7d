"""The load on a service loses sight of no request, whatever the service does to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.serve.load import (
    BROKEN,
    Measured,
    at_full_speed,
    at_rate,
    join_measurements,
    request,
)

CONTENTS = [request("localhost", "/", b"%d" % number) for number in range(5)]
ANSWER = b"HTTP/1.1 %d Some\r\ncontent-length: 2\r\n\r\nok"
RATE, SECONDS = 400.0, 0.5


class Answering(asyncio.Protocol):
    """Answers, breaks connections instead, and closes those that rest."""

    def __init__(self, status: Callable[[int], int], rest: float | None, seen: list[bytes]) -> None:
        self._status, self._rest, self._seen = status, rest, seen

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._seen.append(data)
        status = self._status(len(self._seen))
        if status == BROKEN:
            self._transport.abort()
            return
        self._transport.write(ANSWER % status)
        if self._rest is not None:
            asyncio.get_running_loop().call_later(self._rest, self._transport.close)


def measured(
    status: Callable[[int], int], rest: float | None = None, listens: bool = True
) -> tuple[Measured, list[bytes], list[tuple[int, bytes]]]:
    seen: list[bytes] = []
    heard: list[tuple[int, bytes]] = []

    async def run() -> Measured:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Answering(status, rest, seen), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if not listens:
            server.close()
        rng = np.random.default_rng(0)
        found = await at_rate(
            port, CONTENTS, RATE, SECONDS, rng, lambda number, body: heard.append((number, body))
        )
        server.close()
        return found

    return asyncio.run(run()), seen, heard


def due() -> int:
    moments = np.cumsum(np.random.default_rng(0).exponential(1 / RATE, 1_000))
    return int((moments < SECONDS).sum())


def test_every_request_is_sent_once_and_heard() -> None:
    found, seen, heard = measured(lambda _: 200)
    assert len(seen) == len(heard) == len(found.status) == due()
    assert (found.status == 200).all()
    assert (found.seconds > 0).all()
    assert {body for _, body in heard} == {b"ok"}
    assert sorted(content for content in seen) == sorted(CONTENTS[n] for n, _ in heard)


def test_broken_connections_and_refusals_are_counted() -> None:
    found, seen, heard = measured(lambda turn: (200, 503, BROKEN)[turn % 3])
    assert len(found.status) == due() == len(seen)
    counts = {status: int((found.status == status).sum()) for status in (200, 503, BROKEN)}
    assert sum(counts.values()) == due()
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(heard) == counts[200]


def test_connections_that_the_service_closes_while_they_rest_are_not_used_again() -> None:
    found, _, _ = measured(lambda _: 200, rest=0.0)
    assert len(found.status) == due()
    assert (found.status == 200).mean() > 0.5


def test_where_nobody_listens_every_request_is_broken() -> None:
    found, seen, _ = measured(lambda _: 200, listens=False)
    assert not seen
    assert len(found.status) == due()
    assert (found.status == BROKEN).all()


def test_at_full_speed_each_connection_asks_again_when_it_is_answered() -> None:
    seen: list[bytes] = []

    async def run() -> Measured:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Answering(lambda _: 200, None, seen), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        found = await at_full_speed(port, CONTENTS, 3, 0.2)
        server.close()
        return found

    found = asyncio.run(run())
    assert len(found.status) == len(seen) > 3
    assert (found.status == 200).all()
    assert found.rate() == pytest.approx(len(seen) / 0.2)


def test_measurements_one_after_the_other_are_one() -> None:
    first = Measured(np.array([0.5]), np.array([0.1]), np.array([200]), 1.0, 0.01)
    second = Measured(np.array([0.2, 1.0]), np.array([0.3, 0.2]), np.array([200, 503]), 2.0)
    both = join_measurements([first, second])
    assert both.due.tolist() == [0.5, 1.2, 2.0]
    assert both.rate() == pytest.approx(2 / 3)
    assert both.milliseconds(1.0) == pytest.approx(300)
    assert (both.length, both.late) == (3.0, 0.01)
