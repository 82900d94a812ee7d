"""The 503 of an overloaded service: sending away what cannot be answered in time, before it costs anything.

Whether it can is asked of the queue (`full` in `api.recommend.micro_batching`): by how many wait, and how long an
answer takes of late. A request that waited in vain gets the same 503 from `api.recommend.handler`.

Under overload most requests are of this kind, so they take no more than a few ready bytes: nothing of them
is read, not even who asks.
"""

from __future__ import annotations

from contextvars import copy_context
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.observability import request_ids
from api.recommend.handler import PATH, RecommendationHandler, build_overload_problem
from api.security.gate import SENT

PLACE: Final = "0" * 32  # of the request's id, in the document that is made ready


class LoadShedding:
    """ASGI middleware, to stand before the gate."""

    def __init__(self, app: ASGIApp, handler: RecommendationHandler) -> None:
        self._app = app
        self._handler = handler
        document = copy_context().run(_document)
        self._before, self._after = bytes(document.body).split(PLACE.encode())
        self._status = document.status_code
        self._headers = [
            *((name, value) for name, value in document.raw_headers if name != b"content-length"),
            *SENT,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if not (
            scope["type"] == "http"
            and scope["path"] == PATH
            and scope["method"] == "POST"
            and self._handler.full
        ):
            await self._app(scope, receive, send)
            return
        body = b"".join((self._before, str(request_ids.current()).encode(), self._after))
        headers = [*self._headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _document() -> Response:
    request_ids.renew(PLACE)
    return build_overload_problem().document(PATH)
