"""When a call is made again.

Every call of the service may be repeated: it changes nothing, or leaves the same behind (a profile, an
objection, an erasure), or is known by its ids (events). A call whose first answer was lost may be answered
differently, though: who is erased already is not found.
"""

from __future__ import annotations

from typing import Final, TypeVar

from tenacity import (
    AsyncRetrying,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exception,
    wait_random_exponential,
)

from padan_client._errors import PadanError

STATUSES: Final = frozenset({429, 503})  # too many requests, and no service for now
FIRST_WAIT, MAX_WAIT = 0.25, 5.0  # seconds beyond what the service asks for, at most

R = TypeVar("R", Retrying, AsyncRetrying)


def build_retrying(kind: type[R], attempts: int, seconds: float) -> R:
    """Return what calls a function again while the service says that it may be asked later.

    Parameters
    ----------
    attempts : int
        Calls at most, the first one among them.
    seconds : float
        No call begins later than this after the first one.
    """
    return kind(
        retry=retry_if_exception(_is_temporary),
        stop=stop_after_attempt(attempts) | stop_before_delay(seconds),
        wait=wait_exception(_retry_after) + wait_random_exponential(FIRST_WAIT, MAX_WAIT),
        reraise=True,
    )


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, PadanError) and error.problem.status in STATUSES


def _retry_after(error: BaseException) -> float:
    return error.retry_after or 0.0 if isinstance(error, PadanError) else 0.0
