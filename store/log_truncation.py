"""SQLite's write-ahead log, emptied after erasures: at once, or as soon as nobody reads from it any more."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from store.database import Store

WAIT_SECONDS: Final = 0.2  # for those who read: meanwhile nobody can write
PAUSE_SECONDS: Final = 2.0  # before it is tried again

log = logging.getLogger("padan.store")


class LogTruncation:
    """Empties the log; where somebody reads for long, a thread tries again until it is done."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due = Event()
        self._closing = Event()

    def start(self) -> None:
        """Try again from here on what could not be done at once."""
        Thread(target=self._repeat, name="log truncation", daemon=True).start()

    def truncate(self) -> None:
        """Empty the log now, or later."""
        try:
            done = self._store.truncate_log(WAIT_SECONDS)
        except SQLAlchemyError as error:
            log.error("the write-ahead log could not be emptied: %s", type(error).__name__)
            done = False
        if not done:
            self._due.set()

    def close(self) -> None:
        """Try a last time."""
        self._closing.set()
        self._due.set()
        self.truncate()

    def _repeat(self) -> None:
        while self._due.wait() and not self._closing.wait(PAUSE_SECONDS):
            self._due.clear()
            self.truncate()
