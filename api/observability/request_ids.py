"""The id under which a request is found again: in its answer, the logs, the audit and the impressions."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

from uuid_utils import uuid7

HEADER: Final = "X-Request-ID"

# Ids of events are made from it, and those have at most 128 characters.
_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,99}")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(sent: bytes | None) -> str:
    """Take the id that a client sent, or make one where it sent none or a strange one; return it."""
    # UUIDv7 is in the order of time: a database adds new ids at one end of its index
    request_id = sent.decode() if sent and _SANE.fullmatch(sent) else uuid7().hex
    _current.set(request_id)
    return request_id


def renew(request_id: str) -> None:
    """Take an id for one part of a request; it holds in the present task."""
    _current.set(request_id)


def current() -> str | None:
    """Return the id of the request that is being answered; None outside of one."""
    return _current.get()
