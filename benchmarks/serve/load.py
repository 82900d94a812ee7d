"""Load on an HTTP service, from one process: as fast as answers come, or at a rate of its own.

Under a rate of its own (Poisson arrivals) a request's time runs from when it was due, so that a slow
service cannot hide behind a client that waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

END = b"\r\n\r\n"
LENGTH = b"content-length: "
MAX_CONNECTIONS = 4_000
BROKEN = 0  # status of a request that has no answer
AT_ONCE = 32  # requests that are sent at most before answers are taken
TICK = 0.002  # seconds; the event loop's timers have milliseconds only, so it turns idly for the last of them
Heard = Callable[[int, bytes], None]


@dataclass(frozen=True)
class Measured:
    """What became of R requests.

    Attributes
    ----------
    due : ndarray of float64, shape (R,)
        Seconds after the start.
    seconds : ndarray of float64, shape (R,)
        From when it was due to the answer's last byte.
    status : ndarray of int64, shape (R,)
        `BROKEN` where there was no answer.
    length : float
        Seconds that the load lasted.
    late : float
        Seconds that the load itself was behind, at the 99th percentile: what it adds to the answers' time.
    """

    due: NDArray[np.float64]
    seconds: NDArray[np.float64]
    status: NDArray[np.int64]
    length: float
    late: float = 0.0

    def rate(self) -> float:
        """Return how many requests a second were answered with 200."""
        return float((self.status == 200).sum() / self.length)

    def milliseconds(self, quantile: float) -> float:
        """Return a quantile of the time of the requests that were answered with 200."""
        good = self.seconds[self.status == 200]
        return float(np.quantile(good, quantile) * 1000) if len(good) else float("nan")


def join_measurements(parts: Sequence[Measured]) -> Measured:
    """Return several measurements, one after the other, as one; as late as the latest."""
    starts = np.cumsum([0.0, *(part.length for part in parts)])
    return Measured(
        np.concatenate([part.due + start for part, start in zip(parts, starts, strict=False)]),
        np.concatenate([part.seconds for part in parts]),
        np.concatenate([part.status for part in parts]),
        float(starts[-1]),
        max(part.late for part in parts),
    )


def request(host: str, path: str, body: bytes | None = None, headers: Sequence[str] = ()) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"host: {host}", *headers]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + END + (body or b"")


async def at_full_speed(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    seconds: float,
    heard: Heard | None = None,
) -> Measured:
    """Send requests in turn over so many connections, each the next one when its answer is there."""
    run = _Run(port, heard)
    turn = iter(range(10**12))

    def next_one(connection: _Connection) -> None:
        if run.now() < seconds:
            number = next(turn) % len(requests)
            connection.send(number, requests[number], run.now())

    for _ in range(connections):
        next_one(await run.connect(next_one))
    await asyncio.sleep(seconds)
    await run.drain()
    return run.to_measured(seconds)


async def at_rate(
    port: int,
    requests: Sequence[bytes],
    rate: float,
    seconds: float,
    rng: np.random.Generator,
    heard: Heard | None = None,
) -> Measured:
    """Send requests, drawn at random, at ``rate`` a second, whatever becomes of them."""
    run = _Run(port, heard)
    idle: list[_Connection] = []
    waiting: deque[tuple[int, float]] = deque()

    def free(connection: _Connection) -> None:
        if waiting:
            number, due = waiting.popleft()
            connection.send(number, requests[number], due)
        else:
            idle.append(connection)

    opening: set[asyncio.Task[None]] = set()

    async def one_more() -> None:
        try:
            free(await run.connect(free))
        except OSError:
            if waiting:
                run.record_answer(*waiting.popleft(), BROKEN, b"")

    due = np.cumsum(rng.exponential(1 / rate, int(rate * seconds * 1.2) + 100))
    due = due[due < seconds]
    drawn = rng.integers(0, len(requests), len(due)).tolist()
    late = np.zeros(len(due))
    for turn, (number, moment) in enumerate(zip(drawn, due.tolist(), strict=True)):
        if turn % AT_ONCE == 0:
            await asyncio.sleep(0)
        while (ahead := moment - run.now()) > 0:
            await asyncio.sleep(ahead - TICK if ahead > TICK else 0)
        late[turn] = run.now() - moment
        while idle and idle[-1].closed:
            idle.pop()
        if idle:
            idle.pop().send(number, requests[number], moment)
            continue
        waiting.append((number, moment))
        if run.connections + len(opening) < MAX_CONNECTIONS:
            task = asyncio.create_task(one_more())
            opening.add(task)
            task.add_done_callback(opening.discard)
            await asyncio.sleep(0)
    await run.drain()
    while waiting:
        run.record_answer(*waiting.popleft(), BROKEN, b"")
    return run.to_measured(seconds, float(np.quantile(late, 0.99)) if len(late) else 0.0)


class _Run:
    """One measurement: its connections and what became of each request."""

    def __init__(self, port: int, heard: Heard | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = time.perf_counter()  # the loop's own clock has milliseconds only
        self._port = port
        self._heard = heard
        self._open: set[_Connection] = set()
        self._rows: list[tuple[float, float, int]] = []

    @property
    def connections(self) -> int:
        return len(self._open)

    def now(self) -> float:
        return time.perf_counter() - self._start

    async def connect(self, free: Callable[[_Connection], None]) -> _Connection:
        _, connection = await self._loop.create_connection(
            lambda: _Connection(self, free), "127.0.0.1", self._port
        )
        self._open.add(connection)
        return connection

    def record_answer(self, number: int, due: float, status: int, body: bytes) -> None:
        self._rows.append((due, self.now() - due, status))
        if self._heard is not None and status == 200:
            # after the other answers that are there: looking at one is no part of the next one's time
            self._loop.call_soon(self._heard, number, body)

    def drop(self, connection: _Connection) -> None:
        self._open.discard(connection)

    async def drain(self, most: float = 5.0) -> None:
        """Wait for the last answers, then close every connection."""
        end = self._loop.time() + most
        while any(one.busy for one in self._open) and self._loop.time() < end:
            await asyncio.sleep(0.01)
        for one in list(self._open):
            one.close()
        await asyncio.sleep(0.05)

    def to_measured(self, length: float, late: float = 0.0) -> Measured:
        due, seconds, status = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        return Measured(
            np.array(due), np.array(seconds), np.array(status, dtype=np.int64), length, late
        )


class _Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self, run: _Run, free: Callable[[_Connection], None]) -> None:
        self._run = run
        self._free = free
        self._transport: asyncio.Transport | None = None
        self._sent: tuple[int, float] | None = None
        self._parts = b""
        self._wanted = -1

    @property
    def closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    @property
    def busy(self) -> bool:
        return self._sent is not None

    def send(self, number: int, content: bytes, due: float) -> None:
        assert self._transport is not None  # noqa: S101
        self._sent = (number, due)
        self._transport.write(content)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        self._parts += data
        if self._wanted < 0:
            head = self._parts.find(END)
            if head < 0:
                return
            at = self._parts.lower().index(LENGTH, 0, head + 2) + len(LENGTH)
            length = int(self._parts[at : self._parts.index(b"\r\n", at)])
            self._wanted = head + len(END) + length
        if len(self._parts) >= self._wanted and self._sent is not None:
            whole, (number, due) = self._parts, self._sent
            self._parts, self._wanted, self._sent = b"", -1, None
            body = whole[whole.index(END) + len(END) :]
            self._run.record_answer(number, due, int(whole[9:12]), body)
            self._free(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._sent is not None:
            number, due = self._sent
            self._sent = None
            self._run.record_answer(number, due, BROKEN, b"")
        self._run.drop(self)
