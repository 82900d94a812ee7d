"""What a client may do to a connection: how long a head is, how long it takes, and how many there are.

All of it is held at the socket, before any of a request is known. The parser joins what came of a header anew with
each packet, so that one endless header would hold up everybody; and who sends or reads slowly holds a connection.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from contextvars import copy_context
from enum import IntEnum
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.observability import request_ids
from api.problem_types import HEAD_TOO_LARGE, NO_HTTP, TOO_SLOW, ProblemType
from api.problems import document
from api.security.gate import SENT

MAX_HEAD_BYTES: Final = 32_768
MAX_PIPELINED: Final = 16  # requests that a client sends before the first of them is answered
SLICE_BYTES: Final = 16_384  # that are parsed before the limits are looked at
# Of what stands around a body's chunks, so much is free, and a byte for so many of the body: each chunk costs time
MAX_FRAMING_BYTES: Final = 32_768
BODY_BYTES_A_FRAMING_BYTE: Final = 16
HEAD_SECONDS: Final = 10  # from a connection, or a head's first byte, to the head's end
BODY_SECONDS: Final = 30  # from there to the body's end
SEND_SECONDS: Final = 30  # in which a client must have read all that was sent
KEEP_ALIVE_SECONDS: Final = 75  # longer than a proxy's, so that it is the proxy who closes
MAX_CONNECTIONS: Final = 20_000
SPARE_FILES: Final = 256  # for the store, bundles and logs, beside connections
EVICTED_SHARE: Final = (
    0.05  # of the connections, at once, where there is no room: looking for them takes time
)

log = logging.getLogger("padan.connections")


class Stage(IntEnum):
    """What a connection waits for; those of the first go first where there are too many."""

    HEAD = 0
    NEXT = 1
    BODY = 2
    ANSWER = 3


TOO_LONG: Final = HEAD_TOO_LARGE, f"the head of a request may have {MAX_HEAD_BYTES:,} bytes"
LIMITS: Final = {
    Stage.HEAD: HEAD_SECONDS,
    Stage.NEXT: KEEP_ALIVE_SECONDS,
    Stage.BODY: BODY_SECONDS,
}


def allow_connections() -> int:
    """Allow this process all the files that it may have; return how many of them may be connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + SPARE_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if allowed > soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - SPARE_FILES, SPARE_FILES)


class Connections:
    """The connections of a process.

    Parameters
    ----------
    most : int
        Of all clients; where another one would be too many, those end that have not asked for anything yet.
    of_an_address : int
        Of one client, or proxy.
    """

    def __init__(self, most: int, of_an_address: int) -> None:
        self._most = most
        self._of_an_address = of_an_address
        self._all: dict[GuardedConnection, None] = {}  # the oldest first
        self._by_address: dict[str, dict[GuardedConnection, None]] = {}

    def add(self, connection: GuardedConnection) -> bool:
        """Take in a connection; False where there is no room and nobody who could go."""
        theirs = self._by_address.get(connection.address, {})
        if not (_make_room(theirs, self._of_an_address) and _make_room(self._all, self._most)):
            return False
        self._all[connection] = None
        self._by_address.setdefault(connection.address, {})[connection] = None
        return True

    def remove(self, connection: GuardedConnection) -> None:
        """Forget a connection that ended."""
        self._all.pop(connection, None)
        theirs = self._by_address.get(connection.address)
        if theirs is not None:
            theirs.pop(connection, None)
            if not theirs:
                del self._by_address[connection.address]

    def sweep(self, seconds: float) -> None:
        """End those whose clients take too long, so many seconds after the last sweep."""
        for connection in list(self._all):
            connection.grow_older(seconds)

    def abort(self) -> None:
        """End all, whatever is not sent yet."""
        for connection in list(self._all):
            connection.transport.abort()


def _make_room(connections: dict[GuardedConnection, None], most: int) -> bool:
    """End connections that wait for their clients, where another one would be too many."""
    if len(connections) < most:
        return True
    stages = {one: one.stage for one in connections}
    waiting = sorted((one for one in stages if stages[one] < Stage.ANSWER), key=stages.__getitem__)
    ended = waiting[: max(1, int(EVICTED_SHARE * most))]
    for one in ended:
        one.evict()
    return bool(ended)


class GuardedConnection(HttpToolsProtocol):
    """A connection with limits; it learns its age from `Connections.sweep`, so requests cost no timers."""

    def __init__(self, connections: Connections, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._connections = connections
        self._coming = 0  # bytes of the present packet
        self._unread = 0  # bytes of a head or trailer so far, where its end has not come
        self._body = 0  # bytes of all bodies, whether anybody took them or not
        self._framing = 0  # bytes around a body's chunks, less those that its size allows
        self._fault: tuple[ProblemType, str] | None = None
        self._waits: tuple[Stage | None, object] = None, None
        self._waited = self._sending = 0.0

    @property
    def address(self) -> str:
        """Of whom it comes from: a client, or a proxy."""
        return self.client[0] if self.client else ""

    @property
    def stage(self) -> Stage:
        """What it waits for."""
        if self.cycle is None or self._in_head:
            return Stage.HEAD
        if self.cycle.more_body:
            return Stage.BODY
        return Stage.NEXT if self.cycle.response_complete else Stage.ANSWER

    @property
    def _in_head(self) -> bool:
        """Whether a head has begun and not ended."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or end at once where there is no room."""
        super().connection_made(transport)
        if not self._connections.add(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._connections.remove(self)
        super().connection_lost(exc)

    def evict(self) -> None:
        """End to make room for others."""
        self._connections.remove(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is too much of a head, a trailer, or of what stands around chunks."""
        for start in range(0, len(data), SLICE_BYTES):
            self._parse(data[start : start + SLICE_BYTES])
            if self.transport.is_closing():
                return

    def _parse(self, data: bytes) -> None:
        cycle, body = self.cycle, self._body
        self._coming = len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        in_body = self.cycle is cycle and self.stage is Stage.BODY
        came = self._body - body
        self._unread = self._unread + len(data) if self._in_head or (in_body and not came) else 0
        framing = len(data) - came - came // BODY_BYTES_A_FRAMING_BYTE
        self._framing = max(0, self._framing + framing) if in_body else 0
        if self._unread > MAX_HEAD_BYTES:
            self._fault = TOO_LONG
        elif self._framing > MAX_FRAMING_BYTES:
            self._fault = NO_HTTP, "the body comes in chunks that are too small"
        if self._fault:
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is too long, or too many wait for their answer."""
        if self._unread + self._coming > MAX_HEAD_BYTES:
            length = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if length > MAX_HEAD_BYTES:
                self._fault = TOO_LONG
        if len(self.pipeline) >= MAX_PIPELINED:
            self._fault = NO_HTTP, f"more than {MAX_PIPELINED} requests before an answer"
        if self._fault:
            raise ValueError  # ends the parsing; `send_400_response` tells the client
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, or pass over it where the answer was given without."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that all came, also where the answer did not wait for it."""
        super().on_message_complete()
        if self.cycle is not None:
            self.cycle.more_body = False

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request."""
        self._refuse(*(self._fault or (NO_HTTP, msg)))

    def grow_older(self, seconds: float) -> None:
        """End where the client takes too long to send or to read."""
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self._sending += seconds
            if self._sending > SEND_SECONDS:
                self.transport.abort()
            return
        self._sending = 0.0
        stage, scope = self.stage, self.scope
        if stage is not self._waits[0] or scope is not self._waits[1]:
            self._waits, self._waited = (stage, scope), 0.0
            return
        self._waited += seconds
        limit = LIMITS.get(stage)
        if limit is None or self._waited < limit:
            return
        if self._in_head or stage is Stage.BODY:
            self._refuse(TOO_SLOW, f"a request's {stage.name.lower()} may take {limit} seconds")
        else:
            self.transport.close()

    def _refuse(self, kind: ProblemType, detail: str) -> None:
        """End the connection, and say why where no answer is under way, or was given to what still comes."""
        log.warning("a connection from %s ends: %s", self.address, detail)
        under_way = self.cycle is not None and not self.cycle.response_complete
        answered = self.cycle is not None and self.cycle.response_started
        of_this = under_way or self.stage is Stage.BODY
        if not (self.pipeline or (of_this and answered)):
            self.transport.write(self._write_problem(kind, detail))
        if under_way:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _write_problem(self, kind: ProblemType, detail: str) -> bytes:
        context = copy_context()
        context.run(request_ids.begin, None)
        problem = context.run(document, "/", kind, detail, headers={"Connection": "close"})
        headers = [*self.server_state.default_headers, *problem.raw_headers, *SENT]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return STATUS_LINE[kind.status] + head + b"\r\n" + bytes(problem.body)
