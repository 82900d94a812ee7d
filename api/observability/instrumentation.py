"""Around every request: its id, its figures, its span, and at level INFO its line in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import TrustedProxies
from api.observability import request_ids
from api.observability.metrics import Metrics
from api.observability.tracing import Tracing

SENT = request_ids.HEADER.lower().encode()
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

log = logging.getLogger("padan.requests")


class Instrumentation:
    """ASGI middleware, the outermost one.

    Parameters
    ----------
    paths : collection of str
        Of the routes, as in ``/v1/participants/{participant_id}``. They stand for the addresses that were
        really asked for, which may name people, in figures and logs: in ``scope["state"]["route"]``.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        paths: Collection[str],
        tracing: Tracing | None,
        proxies: TrustedProxies,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing
        self._proxies = proxies
        self._plain = frozenset(path for path in paths if "{" not in path)
        self._patterns = [(compile_path(path)[0], path) for path in paths if "{" in path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        headers = dict(scope["headers"])
        request_id = request_ids.begin(headers.get(SENT))
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = self._route(scope["path"])
        scope.setdefault("state", {})["route"] = route
        span = self._tracing and self._tracing.began(method, route, headers)
        status, size = 500, 0

        async def answer(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                if SENT not in dict(headers):
                    message["headers"] = [*headers, (SENT, request_id.encode())]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - start
            self._metrics.count_request(method, route, status, seconds)
            if self._tracing and span:
                self._tracing.end(span, request_id, status)
            if log.isEnabledFor(logging.INFO):
                fields = {"route": route, "status": status, "ms": round(1000 * seconds, 2)}
                log.info("%s %s", method, route, extra=fields | {"bytes": size} | self._who(scope))

    def _who(self, scope: Scope) -> dict[str, str | None]:
        """Return who asked, and from where; of a participant no more than that it was one."""
        client = scope["state"].get("client")
        return {"client": client, "address": self._proxies.find_client(scope)}

    def _route(self, path: str) -> str:
        if path in self._plain:
            return path
        return next((route for pattern, route in self._patterns if pattern.match(path)), "other")
