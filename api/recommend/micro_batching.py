"""Requests that arrive together share one call: what came during a call is the next one, at once."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")

FEWEST = 3  # turns of the event loop after each call
TURNS = 5  # of the event loop, from a connection's first byte to a request that waits
NEWEST = 0.2  # how much the last call counts in the estimate of a request's time


class FullError(Exception):
    """So many wait already that another would not be answered in time."""


@dataclass(frozen=True)
class Load:
    """How the queue stands as a batch leaves it.

    Attributes
    ----------
    waiting : int
        How many wait, the batch included.
    waited : float
        Seconds that the oldest of them waited.
    ahead : float
        Seconds until all of them are answered, at the pace of late.
    """

    waiting: int
    waited: float
    ahead: float


@dataclass
class _Waiting(Generic[Asked, Given]):
    asked: Asked
    since: float
    until: float
    given: asyncio.Future[Given]


class Batcher(Generic[Asked, Given]):
    """Hands what waits to one call after the other, the oldest first, and each answer to who asked for it.

    Nothing is held back to make a batch larger: where no call is under way, a single request is one.

    Parameters
    ----------
    work : coroutine function
        Gets a batch and the load, and returns as many answers, in the same order; an exception is
        raised for who asked.
    most : int
        Largest batch.
    bound : int
        How many may wait.
    seconds : float
        How long one may have to wait, at the pace of late.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Asked], Load], Awaitable[Sequence[Given | Exception]]],
        *,
        most: int,
        bound: int,
        seconds: float,
    ) -> None:
        self._work = work
        self._most = most
        self._bound = bound
        self._seconds = seconds
        # seconds of a request where as many as can are answered together, all between calls included
        self._each = 0.0
        self._waiting: deque[_Waiting[Asked, Given]] = deque()
        self._running: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether another one would be refused."""
        waiting = len(self._waiting)
        return waiting >= self._bound or waiting * self._each > self._seconds

    async def ask(self, asked: Asked, seconds: float) -> Given:
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
        given: asyncio.Future[Given] = loop.create_future()
        waiting = _Waiting(asked, now, now + seconds, given)
        self._waiting.append(waiting)
        if self._running is None:
            self._running = loop.create_task(self._run())
        expiry = loop.call_later(seconds, _expire, given)
        try:
            return await given
        finally:
            expiry.cancel()

    async def _run(self) -> None:
        try:
            while batch := self._take():
                start = time.monotonic()
                waiting = len(batch) + len(self._waiting)
                load = Load(waiting, start - batch[0].since, waiting * self._each)
                asked = [one.asked for one in batch]
                try:
                    answers = await self._work(asked, load)
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
        while quiet < TURNS and (turns < FEWEST or len(self._waiting) < self._most):
            waiting = len(self._waiting)
            await asyncio.sleep(0)
            turns += 1
            quiet = quiet + 1 if len(self._waiting) == waiting else 0

    def _learn(self, count: int, seconds: float) -> None:
        """Take a call into the estimate; a small one, which costs more for each, only where it was quicker."""
        each = seconds / count
        if count == self._most or each < self._each:
            self._each += NEWEST * (each - self._each)

    def _take(self) -> list[_Waiting[Asked, Given]]:
        """Return the oldest who still wait."""
        now = time.monotonic()
        taken: list[_Waiting[Asked, Given]] = []
        while self._waiting and len(taken) < self._most:
            one = self._waiting.popleft()
            if one.given.done():  # cancelled, or waited too long
                continue
            if now < one.until:
                taken.append(one)
            else:  # its time was over during the last call
                _expire(one.given)
        return taken


def _expire(given: asyncio.Future[Given]) -> None:
    if not given.done():
        given.set_exception(TimeoutError())


def _hand_out(
    batch: Sequence[_Waiting[Asked, Given]], answers: Sequence[Given | Exception]
) -> None:
    for one, answer in zip(batch, answers, strict=True):
        if one.given.done():
            continue
        if isinstance(answer, Exception):
            one.given.set_exception(answer)
        else:
            one.given.set_result(answer)
