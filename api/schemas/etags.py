"""ETags of what is answered, and the conditions that clients make of them (RFC 9110)."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel


def make_etag(content: BaseModel) -> str:
    """Return the ETag of an answer: a hash of its content."""
    return f'"{hashlib.sha256(content.model_dump_json().encode()).hexdigest()[:32]}"'


def matches(content: BaseModel | None, condition: str) -> bool:
    """Whether an answer, None where there is none, has one of a condition's ETags; ``*`` is any."""
    if content is None:
        return False
    return condition.strip() == "*" or make_etag(content) in map(str.strip, condition.split(","))
