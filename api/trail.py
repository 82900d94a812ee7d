"""Writing the audit of decisions, and the lists that were shown, behind the answer; many in one transaction."""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from api.interpreter import give_way
from training_data.store.audit import Entry, record
from training_data.store.database import Store
from training_data.store.plain import MOST_ROWS
from training_data.store.shown import Shown
from training_data.store.shown import add as add_shown

MOST_WAITING = 100_000
ENOUGH = MOST_ROWS  # entries that are written without waiting for more
MOST_TOGETHER = 5_000
GATHERING_SECONDS = 0.1  # so long entries gather at most before they are written in one transaction
RETRY_SECONDS = 1.0

log = logging.getLogger("padan.api")


class Trail:
    """Entries wait here until one thread has written them; they are written in full at exit.

    While the store does not answer they wait in memory. What changes data is not audited here but in the
    same transaction as the change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[tuple[Entry, Shown | None]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="audit", initializer=give_way)
        self._due = False
        self._enough = Event()
        self._closing = Event()

    def add(self, entry: Entry, shown: Shown | None = None) -> None:
        """Have an entry written soon, and with it the list that was shown."""
        if len(self._waiting) >= MOST_WAITING:
            log.critical("the audit cannot be written; this entry is here only: %s", entry)
            return
        self._waiting.append((entry, shown))
        if not self._due:
            self._due = True
            self._writer.submit(self._write).add_done_callback(_log_fault)
        elif len(self._waiting) >= ENOUGH:
            self._enough.set()

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Write what waits."""
        self._closing.set()
        self._enough.set()
        self._writer.shutdown()

    def _write(self) -> None:
        self._enough.wait(GATHERING_SECONDS)
        self._enough.clear()
        self._due = False  # what is added from here on is for the next turn
        left = len(self._waiting)
        while left:
            if self._wrote(min(left, MOST_TOGETHER)):
                left -= min(left, MOST_TOGETHER)
            elif self._closing.wait(RETRY_SECONDS):
                log.critical("%d entries of the audit are lost", len(self._waiting))
                return

    def _wrote(self, count: int) -> bool:
        """Write the oldest entries; False where the store does not take them."""
        taken = [self._waiting.popleft() for _ in range(count)]
        try:
            with self._store.writing() as connection:
                record(connection, [entry for entry, _ in taken])
                lists = [shown for _, shown in taken if shown is not None]
                subjects = {
                    shown.participant_id: str(entry.subject) for entry, shown in taken if shown
                }
                add_shown(connection, lists, subjects.__getitem__)
        except SQLAlchemyError as error:
            self._waiting.extendleft(reversed(taken))
            log.error("the audit waits, %d entries: %s", len(taken), type(error).__name__)
            return False
        return True


def _log_fault(written: Future[None]) -> None:
    if error := written.exception():
        log.critical("entries of the audit are lost", exc_info=error)
