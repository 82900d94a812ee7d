"""The gate before every route: who asks, how often, how much, and what browsers may do with answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import TrustedProxies, to_network
from api.problem_types import (
    BODY_TOO_LARGE,
    NO_CREDENTIAL,
    NO_HTTP,
    NOT_LOCAL,
    PATH,
    STORE_DOWN,
    TOO_MANY_FAILURES,
    TOO_MANY_REQUESTS,
    ProblemType,
)
from api.problems import document
from api.security.access import API_KEY, Access, AccessRefusedError
from api.security.principal import Principal
from api.security.rate_limit import WINDOW_SECONDS, RateLimit
from api.settings import ServiceSettings

OPEN: Final = frozenset({"/healthz", "/readyz", "/docs", "/redoc", "/openapi.json", PATH})
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SENT: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
NAMES: Final = frozenset(name for name, _ in SENT)
ASSETS: Final = "/docs/assets"
FREE: Final = (f"{PATH}/", f"{ASSETS}/")  # what lies below is open, too
POLICY: Final = b"content-security-policy"
PAGES: Final = frozenset({"/docs", "/redoc"})  # they load scripts, of this service alone
PAGES_POLICY: Final = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
)

ONCE: Final = (
    b"host",
    API_KEY,
    b"authorization",
)  # who reads another one of two reads another request
MAX_DIGITS: Final = 20  # of a length
UNREADABLE: Final = "\ufffd"  # what stands in a path for bytes that are no UTF-8

Refusal = tuple[ProblemType, str, Mapping[str, str]]

log = logging.getLogger("padan.security")


class Gate:
    """ASGI middleware that lets a request through, or answers it with a problem document."""

    def __init__(
        self, app: ASGIApp, access: Access, requests: RateLimit, settings: ServiceSettings
    ) -> None:
        self._app = app
        self._access = access
        self._body_bytes = settings.max_body_bytes
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._requests = requests
        quota = settings.max_requests_per_minute
        self._policy = b"ratelimit-policy", b'"requests";q=%d;w=%d' % (quota, WINDOW_SECONDS)
        self._failures = RateLimit(settings.max_failures_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._with_headers(scope, send)
        refusal = await self._refusal(scope)
        if refusal is not None:
            kind, detail, headers = refusal
            response = document(scope["path"], kind, detail, headers=headers)
            await response(scope, receive, answer)
            return
        await self._app(scope, _limit_body(receive, self._body_bytes), answer)

    async def _refusal(self, scope: Scope) -> Refusal | None:
        """Return why a request is not let through; one that is bears its principal."""
        fault = _find_fault(scope)
        if fault is not None:
            return NO_HTTP, fault, {"Connection": "close"}
        headers = dict(scope["headers"])
        if not self._access.is_reached_by_name(headers):
            return (
                NOT_LOCAL,
                "in development mode the service answers to localhost only, and to no proxy",
                {},
            )
        length = headers.get(b"content-length", b"0")
        if len(length) > MAX_DIGITS or not length.isdigit() or int(length) > self._body_bytes:
            return (
                BODY_TOO_LARGE,
                f"a body may have {self._body_bytes} bytes",
                {"Connection": "close"},
            )
        if scope["path"] in OPEN or scope["path"].startswith(FREE):
            return None
        try:
            principal = await self._access.principal(headers)
        except AccessRefusedError as error:
            return self._refuse(scope, error)
        except (SQLAlchemyError, TimeoutError) as error:
            log.error("the store does not answer: %s", type(error).__name__)
            return STORE_DOWN, "the store does not answer", {"Retry-After": "5"}
        scope["state"]["principal"] = principal
        # for the log, which names no participant
        scope["state"]["client"] = (
            principal.name if principal.participant_id is None else "participant"
        )
        if not self._requests.take(principal.account):
            return TOO_MANY_REQUESTS, "too many requests of this client", {"Retry-After": "10"}
        return None

    def _refuse(self, scope: Scope, error: AccessRefusedError) -> Refusal:
        """Return the refusal of a credential; a good one is never asked how many wrong ones came before."""
        address = self._proxies.find_client(scope)
        if not self._failures.take(to_network(address)):
            return (
                TOO_MANY_FAILURES,
                "too many wrong credentials from this address",
                {"Retry-After": "60"},
            )
        route = scope["state"]["route"]  # the path may name somebody
        log.warning("refused %s %s from %s: %s", scope["method"], route, address, error)
        return NO_CREDENTIAL, str(error), {"WWW-Authenticate": "Bearer"}

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                there = {name for name, _ in headers}
                if scope["path"] in PAGES:
                    headers = [*headers, (POLICY, PAGES_POLICY)]
                    there.add(POLICY)
                added = (
                    SENT
                    if NAMES.isdisjoint(there)
                    else [one for one in SENT if one[0] not in there]
                )
                message["headers"] = [*headers, *added, *self._tell_limit(scope)]
            await send(message)

        return answer

    def _tell_limit(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers that say how much more the client may ask."""
        principal: Principal | None = scope["state"].get("principal")
        if principal is None:
            return []
        left, seconds = self._requests.remaining(principal.account), self._requests.seconds_left()
        return [self._policy, (b"ratelimit", b'"requests";r=%d;t=%d' % (left, seconds))]


def _find_fault(scope: Scope) -> str | None:
    """Return why a request may mean one thing here and another to a proxy or to its sender."""
    names = [name for name, _ in scope["headers"]]
    for name in ONCE:
        if names.count(name) > 1:
            return f"{name.decode()} was sent more than once"
    if b"host" not in names and scope["http_version"] == "1.1":
        return "host is missing"
    if UNREADABLE in scope["path"]:
        try:
            unquote_to_bytes(scope["raw_path"]).decode()
        except UnicodeDecodeError:
            return "the path is no UTF-8"
    return None


def _limit_body(receive: Receive, most: int) -> Receive:
    """Count the bytes of a body that does not say its length."""
    seen = 0

    async def receive_counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, f"a body may have {most} bytes")
        return message

    return receive_counting
