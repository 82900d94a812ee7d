"""The way of `POST /v1/recommendations` past FastAPI's machinery: the same model in, ready bytes out.

Only what is in order goes this way. Whatever is not is handed to the route of `api.routes.recommendations`,
which stands in the OpenAPI document and calls the same function; a test holds the two equal.
"""

from __future__ import annotations

from typing import Final

import orjson
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem_types import of_status
from api.problems import ProblemError, document
from api.recommend.handler import PATH, RecommendationHandler
from api.schemas.recommendations import RecommendationRequest
from api.security.principal import Principal

CONTENT_TYPE: Final = (b"content-type", b"application/json")


class FastPath:
    """ASGI middleware, to stand behind the gate."""

    def __init__(self, app: ASGIApp, handler: RecommendationHandler) -> None:
        self._app = app
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if not _is_fast(scope):
            await self._app(scope, receive, send)
            return
        principal: Principal = scope["state"]["principal"]
        try:
            body = await _read_body(receive)
            try:
                request = RecommendationRequest.model_validate_json(body)
            except ValidationError:
                await self._app(scope, _replay(body, receive), send)
                return
            accepted = _find_accepted(scope)
            answer = await self._handler.recommend(request, principal, accepted)
        except ProblemError as error:
            await error.document(PATH)(scope, receive, send)
        except HTTPException as error:
            problem = document(PATH, of_status(error.status_code), error.detail)
            await problem(scope, receive, send)
        else:
            await _send(orjson.dumps(answer), send)


def _is_fast(scope: Scope) -> bool:
    """Whether this is the route's path, said to be JSON, by somebody who may ask it."""
    return (
        scope["type"] == "http"
        and scope["path"] == PATH
        and scope["method"] == "POST"
        and CONTENT_TYPE in scope["headers"]
        and not scope["state"]["principal"].scopes.isdisjoint(("portal", "admin"))
    )


def _find_accepted(scope: Scope) -> str | None:
    """Return the `Accept-Language` of a request."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return str(value, "latin-1")
    return None


async def _read_body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break  # what there is of the body is then no JSON, and nobody reads the answer
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read once more, and then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _send(content: bytes, send: Send) -> None:
    length = (b"content-length", str(len(content)).encode())
    headers = [CONTENT_TYPE, length]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
