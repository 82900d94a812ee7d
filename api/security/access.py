"""From the headers of a request to who asks."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from api.addresses import FORWARDED_FOR, is_loopback
from api.security.known_keys import KnownKeys
from api.security.principal import API_KEY_HEADER, SCOPES, Principal
from api.security.tokens import TokenRefusedError, Tokens
from api.settings import ServiceSettings
from store import keys
from store.database import Store

API_KEY = API_KEY_HEADER.lower().encode()
DEVELOPER = Principal("development", frozenset(SCOPES))
FORWARDED = frozenset({FORWARDED_FOR, b"forwarded", b"via", b"x-real-ip"})


class AccessRefusedError(ValueError):
    """No credential, or one that opens nothing; the message repeats none of it."""


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
        self._development = development
        self._keys = KnownKeys(store, settings.store_timeout_seconds)
        self._refreshing = asyncio.Lock()
        self._tokens = (
            Tokens(settings.jwks, settings.jwt_audience, settings.jwt_issuer)
            if settings.jwks
            else None
        )

    def close(self) -> None:
        """End what reads the keys."""
        self._keys.close()

    def is_reached_by_name(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request names a host that it may reach the service by.

        Without credentials that is this machine only, and no proxy between: a page of a browser here can have
        its own name point to this machine (DNS rebinding), but it cannot send another name than its own.
        """
        if not self._development:
            return True
        if not FORWARDED.isdisjoint(headers):
            return False
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
        if self._tokens.stale or self._tokens.lacks_key(token):
            async with self._refreshing:
                if self._tokens.stale or self._tokens.lacks_key(token):
                    await run_in_threadpool(self._tokens.refresh)
        try:
            return self._tokens.principal(token)
        except TokenRefusedError as error:
            raise AccessRefusedError(str(error)) from error

    async def _of_key(self, written: str) -> Principal:
        parts = keys.split_key(written)
        known = parts and await self._keys.find(parts[0])
        if not parts or not known or not known.accepts(parts[1], dt.datetime.now(dt.UTC)):
            raise AccessRefusedError("the API key is not known, expired or revoked")
        return Principal(known.name, frozenset(known.scopes), account=f"key {known.name}")
