"""OAuth2 bearer tokens: JSON Web Tokens signed by a key of the operator's key set."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.security.principal import SCOPES, Principal

# Signatures by a private key only: neither "none" nor a secret that clients would share.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519")
KEPT_SECONDS = 300
PAUSE_SECONDS = 5  # between two readings for tokens of unknown keys
LEEWAY_SECONDS = 30
MALFORMED = (JoseError, ValueError, KeyError, TypeError, RecursionError)

log = logging.getLogger("padan.security")


class TokenRefusedError(ValueError):
    """A token that opens nothing; the message says why without repeating any of it."""


class KeySetError(ValueError):
    """The key set cannot be read; the message names the setting."""


class Tokens:
    """Verifies tokens.

    Parameters
    ----------
    source : str
        File or URL of a JSON Web Key Set; read again every five minutes.
    audience : str
        What ``aud`` must name.
    issuer : str or None
        What ``iss`` must be; None: any.
    """

    def __init__(self, source: str, audience: str, issuer: str | None) -> None:
        self.source = source
        self._keys = _read(source)
        self._read_at = time.monotonic()
        named: dict[str, Any] = {"iss": {"essential": True, "value": issuer}} if issuer else {}
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            exp={"essential": True},
            sub={"essential": True},
            aud={"essential": True, "value": audience},
            **named,
        )

    @property
    def stale(self) -> bool:
        """Whether the key set was read so long ago that `refresh` is due."""
        return time.monotonic() - self._read_at > KEPT_SECONDS

    def lacks_key(self, token: str) -> bool:
        """Whether a token names a key that is not in the set, and that may have come into it since it was read."""
        kid = _key_id(token)
        known = kid is None or any(key.kid == kid for key in self._keys.keys)
        return not known and time.monotonic() - self._read_at > PAUSE_SECONDS

    def refresh(self) -> None:
        """Read the key set again; the old one is kept where that fails."""
        self._read_at = time.monotonic()
        try:
            self._keys = _read(self.source)
        except KeySetError as error:
            log.error("%s; the keys read before stay in force", error)

    def principal(self, token: str) -> Principal:
        """Return whom a token names.

        Raises
        ------
        TokenRefusedError
            If it is malformed, expired, for another audience or issuer, or not signed by a known key.
        """
        try:
            claims = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS)).claims
            self._claims.validate(claims)
        except MALFORMED as error:
            raise TokenRefusedError(f"the token is refused: {_why(error)}") from error
        scope = claims.get("scope", "")
        granted = scope.split(" ") if isinstance(scope, str) else []
        bound = claims.get("participant_id")
        if bound is not None and not isinstance(bound, str):
            raise TokenRefusedError("the token is refused: participant_id is no string")
        name = str(claims["sub"])[:200]
        scopes = frozenset(granted) & frozenset(SCOPES)
        return Principal(name, scopes, bound, account=f"token {name}")


def _key_id(token: str) -> str | None:
    """Return the id of the key that a token says it is signed with."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except MALFORMED:
        return None
    return kid if isinstance(kid, str) else None


def _why(error: Exception) -> str:
    return getattr(error, "error", "") or "malformed"


def _read(source: str) -> KeySet:
    try:
        if source.startswith(("https://", "http://")):
            answer = httpx.get(source, timeout=5)
            answer.raise_for_status()
            text = answer.text
        else:
            text = Path(source).read_text(encoding="utf-8")
        return KeySet.import_key_set(json.loads(text))
    except (OSError, httpx.HTTPError, *MALFORMED) as error:
        raise KeySetError(f"PADAN_JWKS: no JSON Web Key Set at {source}: {error}") from error
