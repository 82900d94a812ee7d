"""From the headers of a request to who asks."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from api.security.principal import API_KEY_HEADER, SCOPES, Principal
from api.security.tokens import TokenRefusedError, Tokens
from api.settings import ServiceSettings
from store import keys
from store.database import Store

API_KEY = API_KEY_HEADER.lower().encode()
KEPT_SECONDS = 15  # so long a revoked key may still be let in by a process that knows it
OUTAGE_SECONDS = 600  # so long a known key is let in while the store does not answer
STORE_SECONDS = 5.0  # so long a request waits for the store to look its key up
DEVELOPER = Principal("development", frozenset(SCOPES))


log = logging.getLogger("padan.security")


@dataclass
class _Known:
    """A key that was looked up: when it was found, and when the store was last asked, on the monotonic clock."""

    key: keys.ApiKey
    read_at: float
    asked_at: float


class AccessRefusedError(ValueError):
    """No credential, or one that opens nothing; the message repeats none of it."""


def is_loopback(host: str) -> bool:
    """Whether a name or address is of this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """Checks tokens and API keys.

    Parameters
    ----------
    store : Store
        Holds the API keys.
    settings : Settings
        Says where the key set of the tokens is.
    development : bool
        Let everybody in as `DEVELOPER`; for a service that only this machine reaches.
    """

    def __init__(self, store: Store, settings: ServiceSettings, development: bool = False) -> None:
        self._store = store
        self._development = development
        self._known: dict[str, _Known] = {}
        self._tokens = (
            Tokens(settings.jwks, settings.jwt_audience, settings.jwt_issuer)
            if settings.jwks
            else None
        )

    def is_reached_by_name(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request names a host that it may reach the service by.

        Without credentials that is this machine only: a page of a browser here can have its own name
        point to this machine (DNS rebinding), but it cannot send another name than its own.
        """
        if not self._development:
            return True
        try:
            host = headers.get(b"host", b"").decode("latin-1")
            return is_loopback(urlsplit(f"//{host}").hostname or "")
        except ValueError:
            return False

    async def principal(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Return who asks.

        Raises
        ------
        AccessRefusedError
            If the headers hold no credential, or one that opens nothing.
        """
        if self._development:
            return DEVELOPER
        key, bearer = headers.get(API_KEY), headers.get(b"authorization")
        if key is not None and bearer is not None:
            raise AccessRefusedError("send one credential, a token or an API key, not both")
        if key:
            return await self._of_key(key.decode("latin-1"))
        scheme, _, token = (bearer or b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and token:
            return await self._of_token(token.strip())
        raise AccessRefusedError(f"send a bearer token, or an API key in {API_KEY_HEADER}")

    async def _of_token(self, token: str) -> Principal:
        if self._tokens is None:
            raise AccessRefusedError("tokens are not in use here; send an API key")
        if self._tokens.stale:
            await run_in_threadpool(self._tokens.refresh)
        try:
            return self._tokens.principal(token)
        except TokenRefusedError as error:
            raise AccessRefusedError(str(error)) from error

    async def _of_key(self, written: str) -> Principal:
        parts = keys.split_key(written)
        known = parts and await self._find(parts[0])
        if not parts or not known or not known.accepts(parts[1], dt.datetime.now(dt.UTC)):
            raise AccessRefusedError("the API key is not known, expired or revoked")
        return Principal(known.name, frozenset(known.scopes))

    async def _find(self, key_id: str) -> keys.ApiKey | None:
        now = time.monotonic()
        held = self._known.get(key_id)
        if held and now - held.asked_at < KEPT_SECONDS:
            return held.key
        if held:
            held.asked_at = now  # the others go on with it while this request asks
        try:
            async with asyncio.timeout(STORE_SECONDS):
                found = await asyncio.to_thread(self._read, key_id)
        except (SQLAlchemyError, TimeoutError) as error:
            if held is None or now - held.read_at > OUTAGE_SECONDS:
                raise
            log.error("the store does not answer, a known key is let in: %s", type(error).__name__)
            return held.key
        if found:
            self._known[key_id] = _Known(found, now, now)
        return found

    def _read(self, key_id: str) -> keys.ApiKey | None:
        with self._store.reading() as connection:
            return keys.find(connection, key_id)
