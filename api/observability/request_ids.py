"""The id under which a request is found again: in its answer, the logs, the audit and the impressions."""

from __future__ import annotations

import re
import time
from contextvars import ContextVar
from random import Random
from typing import Final

HEADER: Final = "X-Request-ID"

# Ids of events are made from it, and those have at most 128 characters.
_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,99}")

_random = Random()  # noqa: S311 it tells requests apart and guards nothing

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(sent: bytes | None) -> str:
    """Take the id that a client sent, or make one where it sent none or a strange one; return it."""
    sane = sent is not None and _SANE.fullmatch(sent)
    request_id = sent.decode() if sane and sent else _made()
    _current.set(request_id)
    return request_id


def _made() -> str:
    """Return a new id; ids follow time, so that a database adds them at one end of its index."""
    return f"{time.time_ns() // 1000:014x}{_random.getrandbits(72):018x}"


def renew(request_id: str) -> None:
    """Take an id for one part of a request; it holds in the present task."""
    _current.set(request_id)


def current() -> str | None:
    """Return the id of the request that is being answered; None outside of one."""
    return _current.get()
