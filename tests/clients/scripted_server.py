"""A server that answers by a script, and notes what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

ACCEPTED = json.dumps({"accepted": 1, "repeated": 0, "field_of_a_newer_service": True})


@dataclass(frozen=True)
class Answer:
    """An answer: by default the problem document of its status."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None

    @property
    def content(self) -> bytes:
        problem = {
            "type": "/problems/overload",
            "code": "overload",
            "title": "t",
            "status": self.status,
            "detail": "not now",
            "instance": "/v1",
        }
        return (json.dumps(problem) if self.text is None else self.text).encode()


@dataclass(frozen=True)
class Received:
    """What the server was asked."""

    at: float
    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Gives each answer of its script once, and then says that an event was accepted."""

    script: list[Answer]
    url: str = ""
    seconds: float = 0.0
    received: list[Received] = field(default_factory=list)

    @property
    def waits(self) -> list[float]:
        """Seconds between one request and the next."""
        return [later - before for before, later in pairwise(one.at for one in self.received)]


@contextmanager
def run_script(*script: Answer) -> Iterator[ScriptedServer]:
    """Run a server until the block ends."""
    scripted = ScriptedServer(list(script))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(time.monotonic(), self.requestline, headers, body)
            scripted.received.append(request)
            time.sleep(scripted.seconds)
            answer = scripted.script.pop(0) if scripted.script else Answer(202, text=ACCEPTED)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """Say nothing of a client that has gone."""

    server = Server(("127.0.0.1", 0), Handler)
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
