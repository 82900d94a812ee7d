"""API keys: a public id and a secret of which only the hash is kept.

The secret is 256 random bits. Nobody can try them out, so a slow password hash would add nothing but time
to every request: SHA-256 is kept, and compared in constant time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.tables import api_keys

PREFIX = "padan"


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key without its secret."""

    key_id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def accepts(self, secret: str, now: dt.datetime) -> bool:
        """Return whether the secret is this key's and the key is in force."""
        return hmac.compare_digest(_digest(secret), self.digest) and self.is_in_force(now)

    def is_in_force(self, now: dt.datetime) -> bool:
        """Return whether the key is neither expired nor revoked."""
        expired = self.expires_at is not None and self.expires_at <= now
        return not expired and self.revoked_at is None


def create(
    connection: sa.Connection,
    name: str,
    scopes: Sequence[str],
    expires_at: dt.datetime | None = None,
) -> str:
    """Make a key and return it whole; it cannot be shown again."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    connection.execute(
        sa.insert(api_keys),
        {
            "key_id": key_id,
            "name": name,
            "digest": _digest(secret),
            "scopes": list(scopes),
            "created_at": dt.datetime.now(dt.UTC),
            "expires_at": expires_at,
        },
    )
    return f"{PREFIX}_{key_id}_{secret}"


def split_key(key: str) -> tuple[str, str] | None:
    """Return the id and the secret of a key as written, None where it is none."""
    prefix, _, rest = key.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == PREFIX and key_id and secret else None


def find(connection: sa.Connection, key_id: str) -> ApiKey | None:
    """Return a key by its id."""
    row = connection.execute(_SELECT.where(api_keys.c.key_id == key_id)).one_or_none()
    return None if row is None else _key(row)


def all_keys(connection: sa.Connection) -> list[ApiKey]:
    """Return every key, the oldest first."""
    return [_key(row) for row in connection.execute(_SELECT.order_by(api_keys.c.created_at))]


def revoke(connection: sa.Connection, key_id: str) -> bool:
    """End a key; False where there is no such key in force."""
    change = (
        sa.update(api_keys)
        .where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=dt.datetime.now(dt.UTC))
    )
    return connection.execute(change).rowcount == 1


_SELECT = sa.select(
    api_keys.c.key_id,
    api_keys.c.name,
    api_keys.c.digest,
    api_keys.c.scopes,
    api_keys.c.expires_at,
    api_keys.c.revoked_at,
)


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row.key_id, row.name, row.digest, tuple(row.scopes), row.expires_at, row.revoked_at
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
