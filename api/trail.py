"""Writing the audit of reads and decisions behind the answer, many entries in one transaction."""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from training_data.store.audit import Entry, record
from training_data.store.database import Store

MOST_WAITING = 100_000

log = logging.getLogger("padan.api")


class Trail:
    """Entries wait here until one thread has written them; they are written in full at exit.

    What changes data is not audited here but in the same transaction as the change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Entry] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="audit")

    def add(self, entry: Entry) -> None:
        """Have an entry written soon."""
        if len(self._waiting) >= MOST_WAITING:
            log.critical("the audit cannot be written; this entry is here only: %s", entry)
            return
        self._waiting.append(entry)
        self._writer.submit(self._write).add_done_callback(_log_fault)

    def close(self) -> None:
        """Write what waits."""
        self._writer.shutdown()

    def _write(self) -> None:
        entries = []
        while self._waiting:
            entries.append(self._waiting.popleft())
        try:
            with self._store.writing() as connection:
                record(connection, entries)
        except SQLAlchemyError as error:
            self._waiting.extendleft(reversed(entries))  # the next entry tries again
            log.error("the audit waits, %d entries: %s", len(entries), type(error).__name__)


def _log_fault(written: Future[None]) -> None:
    if error := written.exception():
        log.critical("entries of the audit are lost", exc_info=error)
