"""Answers about the catalogue: compressed, and not sent again while the bundle that they come from is the same."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.service import CurrentService

PREFIXES: Final = ("/v1/courses", "/v1/regions", "/v1/skills", "/v1/occupations")
KEPT: Final = (
    "private, no-cache"  # by the portal alone, and asked for again: a promotion is seen at once
)
VARY: Final = "Accept-Encoding, Accept-Language"
MIN_BYTES: Final = 1_000
NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing has changed since the answer with that ETag."}
}


class CatalogueCompression:
    """ASGI middleware that compresses what clients want compressed; lists of people cost too much for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, MIN_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        catalogue = scope["type"] == "http" and scope["path"].startswith(PREFIXES)
        await (self._compressing if catalogue else self._app)(scope, receive, send)


async def _answer_once(request: Request, response: Response, service: CurrentService) -> None:
    """Give the answer an ETag; one that the client has is not made again."""
    version = service.bundle.manifest.version
    language = request.headers.get("accept-language", "")
    asked = hashlib.sha256(f"{language} {request.url}".encode()).hexdigest()[:16]
    tag = f'"{version}-{asked}"'
    headers = {"ETag": f"W/{tag}", "Cache-Control": KEPT, "Vary": VARY}
    held = request.headers.get("if-none-match", "")
    # compared weakly, as RFC 9110 has it for this header
    if tag in [one.strip().removeprefix("W/") for one in held.split(",")] or held.strip() == "*":
        raise HTTPException(304, headers=headers)
    response.headers.update(headers)


AnswerOnce = Annotated[None, Depends(_answer_once)]
