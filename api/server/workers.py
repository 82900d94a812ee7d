"""Several processes that answer on one port: started, watched, and ended together."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final

from api.server.listening import GRACE_SECONDS

PAUSE_SECONDS: Final = 1.0  # before one that ended by itself is started anew

log = logging.getLogger("padan.process")


class Workers:
    """Processes that all do the same.

    Parameters
    ----------
    count : int
    work : callable
        What each does: a function of a module, or a partial of one, as it is handed to a new interpreter.
    fatal : int
        Exit status of one that cannot begin: all end with it, where it is of those that were started first.
    """

    def __init__(self, count: int, work: Callable[[], None], fatal: int) -> None:
        self._context = multiprocessing.get_context(
            "spawn"
        )  # a fork would not have the threads of libraries
        self._work = work
        self._fatal = fatal
        self._ending = False
        self._running = [self._start() for _ in range(count)]
        self._first = list(self._running)

    def run(self) -> int:
        """Keep them running until this process is told to end; return its exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        status = 0
        while not self._ending:
            wait([one.sentinel for one in self._running], timeout=PAUSE_SECONDS)
            ended = [one for one in self._running if not one.is_alive()]
            if any(one.exitcode == self._fatal for one in ended if one in self._first):
                status, self._ending = self._fatal, True
            elif ended and not self._ending:
                log.critical("%d workers ended by themselves; others are started", len(ended))
                time.sleep(PAUSE_SECONDS)
                for one in ended:
                    self._running[self._running.index(one)] = self._start()
        return self._stop() or status

    def _start(self) -> SpawnProcess:
        process = self._context.Process(target=self._work)
        process.start()
        return process

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _stop(self) -> int:
        """End all of them, in time; return 0, or 1 where one did not end by itself."""
        for one in self._running:
            one.terminate()
        until = time.monotonic() + GRACE_SECONDS + PAUSE_SECONDS
        for one in self._running:
            one.join(max(0.0, until - time.monotonic()))
        left = [one for one in self._running if one.is_alive()]
        for one in left:
            one.kill()
        return int(bool(left))
