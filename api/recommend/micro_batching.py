"""Requests that arrive together share one call: what came during a call is the next one, at once."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")

MIN_TURNS = 3  # turns of the event loop after each call
TURNS = 5  # of the event loop, from a connection's first byte to a request that waits
NEWEST = 0.2  # how much the last call counts in the estimate of a request's time


class FullError(Exception):
    """So many wait already that another would not be answered in time."""


@dataclass(frozen=True)
class Load:
    """How the queue stands as a batch leaves it.

    Attributes
    ----------
    length : int
        How many wait, the batch included.
    waited : float
        Seconds that the oldest of them waited.
    ahead : float
        Seconds until all of them are answered, at the pace of late.
    """

    length: int
    waited: float
    ahead: float


@dataclass
class _Waiting(Generic[Request, Answer]):
    request: Request
    since: float
    until: float
    answer: asyncio.Future[Answer]


class MicroBatcher(Generic[Request, Answer]):
    """Hands what waits to one call after the other, the oldest first, and each answer to its request.

    Nothing is held back to make a batch larger: where no call is under way, a single request is one.

    Parameters
    ----------
    work : coroutine function
        Gets a batch and the load, and returns as many answers, in the same order; an exception is
        raised for that request.
    max_batch : int
        Largest batch.
    max_length : int
        How many may wait.
    max_seconds : float
        How long one may have to wait, at the pace of late.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Request], Load], Awaitable[Sequence[Answer | Exception]]],
        *,
        max_batch: int,
        max_length: int,
        max_seconds: float,
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._max_length = max_length
        self._max_seconds = max_seconds
        # seconds of a request where as many as can are answered together, all between calls included
        self._each = 0.0
        self._waiting: deque[_Waiting[Request, Answer]] = deque()
        self._running: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether another one would be refused."""
        waiting = len(self._waiting)
        return waiting >= self._max_length or waiting * self._each > self._max_seconds

    async def submit(self, request: Request, seconds: float) -> Answer:
        """Return the answer; who stops waiting for it before its turn is left out of the batch.

        Raises
        ------
        FullError
            If too many wait.
        TimeoutError
            If there is no answer after so many seconds.
        """
        if self.full:
            raise FullError
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        answer: asyncio.Future[Answer] = loop.create_future()
        waiting = _Waiting(request, now, now + seconds, answer)
        self._waiting.append(waiting)
        if self._running is None:
            self._running = loop.create_task(self._run())
        expiry = loop.call_later(seconds, _expire, answer)
        try:
            return await answer
        finally:
            expiry.cancel()

    async def _run(self) -> None:
        try:
            while batch := self._take():
                start = time.monotonic()
                waiting = len(batch) + len(self._waiting)
                load = Load(waiting, start - batch[0].since, waiting * self._each)
                requests = [one.request for one in batch]
                try:
                    answers = await self._work(requests, load)
                except Exception as error:  # each who asked hears of it
                    _hand_out(batch, [error] * len(batch))
                else:
                    _hand_out(batch, answers)
                await self._let_in()
                self._learn(len(batch), time.monotonic() - start)
        finally:
            self._running = None

    async def _let_in(self) -> None:
        """Let answers go out and requests come in, until some turns of the event loop bring none.

        A few turns it has even where enough wait: else nothing would be sent and nobody sent away.
        """
        quiet = turns = 0
        while quiet < TURNS and (turns < MIN_TURNS or len(self._waiting) < self._max_batch):
            waiting = len(self._waiting)
            await asyncio.sleep(0)
            turns += 1
            quiet = quiet + 1 if len(self._waiting) == waiting else 0

    def _learn(self, count: int, seconds: float) -> None:
        """Take a call into the estimate; a small one, which costs more for each, only where it was quicker."""
        each = seconds / count
        if count == self._max_batch or each < self._each:
            self._each += NEWEST * (each - self._each)

    def _take(self) -> list[_Waiting[Request, Answer]]:
        """Return the oldest who still wait."""
        now = time.monotonic()
        taken: list[_Waiting[Request, Answer]] = []
        while self._waiting and len(taken) < self._max_batch:
            one = self._waiting.popleft()
            if one.answer.done():  # cancelled, or waited too long
                continue
            if now < one.until:
                taken.append(one)
            else:  # its time was over during the last call
                _expire(one.answer)
        return taken


def _expire(answer: asyncio.Future[Answer]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _hand_out(
    batch: Sequence[_Waiting[Request, Answer]], answers: Sequence[Answer | Exception]
) -> None:
    for one, answer in zip(batch, answers, strict=True):
        if one.answer.done():
            continue
        if isinstance(answer, Exception):
            one.answer.set_exception(answer)
        else:
            one.answer.set_result(answer)
