"""Turns for requests that are answered in threads and cost as much as many lists: plans, eligibility, audiences.

Each thread has as much of the interpreter as the event loop, so that many at once would leave it nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fastapi import Request

from api.recommend.handler import build_overload_problem

AT_ONCE: Final = 2
SECONDS: Final = 5.0  # that a request waits for its turn


async def take_turn(request: Request) -> AsyncIterator[None]:
    """Wait for a turn, and keep it until the request is answered.

    Raises
    ------
    ProblemError
        If there is none in time.
    """
    turns: asyncio.Semaphore = request.app.state.turns
    try:
        async with asyncio.timeout(SECONDS):
            await turns.acquire()
    except TimeoutError as error:
        raise build_overload_problem() from error
    try:
        yield
    finally:
        turns.release()
