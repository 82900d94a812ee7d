"""Writing the audit of decisions, and the lists that were shown, behind the answer; many in one transaction.

What is written is in `store.audit`; changes of participants' data are recorded there in their own transaction.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Lock

from sqlalchemy.exc import DataError, SQLAlchemyError

from api.process.interpreter import give_way
from store.audit import Entry, record
from store.database import Store
from store.impressions import ShownSlate
from store.impressions import add as add_shown
from store.statements import MAX_ROWS
from store.transactions import read_number, read_outcome

Waiting = tuple[Entry, ShownSlate | None]

MAX_WAITING = 100_000
ENOUGH = MAX_ROWS  # entries that are written without waiting for more, and one transaction of the gentle writer
BEHIND = 500  # that wait because the gentle writer comes to nothing; the firm one takes as many in a transaction
GENTLE, FIRM = 15, 8  # niceness: 3% and 14% of a core where the answers want all of it
GATHERING_SECONDS = 0.1  # so long entries gather at most before they are written in one transaction
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 5.0  # in which what waits at the end is written, or logged

log = logging.getLogger("padan.api")


class AuditWriter:
    """Entries wait here until a thread has written them; they are written in full at exit.

    One writes in the moments that the answers leave, so that it holds none of them up; where there are too few
    of those, another one takes its share of the core. While the store does not answer, entries wait in memory.
    What changes data is not audited here but in the same transaction as the change.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Waiting] = deque()
        self._in_doubt: deque[tuple[str, Sequence[Waiting]]] = deque()
        self._taking = Lock()
        self._in_hand = 0
        self._gentle, self._firm = (
            ThreadPoolExecutor(1, "audit", initializer=give_way, initargs=(nice,))
            for nice in (GENTLE, FIRM)
        )
        self._due = self._behind = self._failing = False
        self._enough = Event()
        self._closing = Event()

    def add(self, entry: Entry, shown: ShownSlate | None = None) -> None:
        """Have an entry written soon, and with it the list that was shown."""
        waiting = len(self._waiting)
        if waiting >= MAX_WAITING:
            log.critical("the audit cannot be written; this entry is here only: %s", entry)
            return
        self._waiting.append((entry, shown))
        if not self._due:
            self._due = True
            self._gentle.submit(self._write_soon).add_done_callback(_log_fault)
        elif waiting >= ENOUGH - 1:
            self._enough.set()
        if waiting >= BEHIND and not self._behind:
            self._behind = True
            self._firm.submit(self._catch_up).add_done_callback(_log_fault)

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        doubtful = sum(len(entries) for _, entries in self._in_doubt)
        return len(self._waiting) + self._in_hand + doubtful

    @property
    def failing(self) -> bool:
        """Whether the store did not take what was written last."""
        return self._failing

    def close(self) -> None:
        """Write what waits, or log it where the store does not take it in time."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._enough.set()
        last = [thread.submit(self._write, BEHIND) for thread in (self._gentle, self._firm)]
        wait(last, CLOSE_SECONDS)
        for thread in (self._gentle, self._firm):
            thread.shutdown(wait=False)
        self._log_waiting()

    def _write_soon(self) -> None:
        self._enough.wait(GATHERING_SECONDS)
        self._enough.clear()
        self._due = False  # what is added from here on is for the next turn
        self._write(ENOUGH)

    def _catch_up(self) -> None:
        self._behind = False
        self._write(BEHIND)

    def _write(self, together: int) -> None:
        """Write what waits by now, so many entries in a transaction."""
        self._settle_doubts()
        left = len(self._waiting)
        while taken := self._take(min(left, together)):
            wrote = self._wrote(taken)
            self._put_down(len(taken))
            if wrote:
                left -= len(taken)
            elif self._closing.wait(RETRY_SECONDS):
                self._log_waiting()
                return
            else:
                self._settle_doubts()

    def _take(self, count: int) -> list[Waiting]:
        """Return the oldest entries, fewer where the other writer took some."""
        with self._taking:
            taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
            self._in_hand += len(taken)
            return taken

    def _put_down(self, count: int) -> None:
        with self._taking:
            self._in_hand -= count

    def _wrote(self, taken: list[Waiting]) -> bool:
        """Write entries; False where the store does not take them, and they wait again."""
        number, ending = None, False
        try:
            with self._store.writing() as connection:
                number = read_number(connection)
                record(connection, [entry for entry, _ in taken])
                lists = [shown for _, shown in taken if shown is not None]
                subjects = {
                    shown.participant_id: str(entry.subject) for entry, shown in taken if shown
                }
                add_shown(connection, lists, subjects.__getitem__)
                ending = True
        except (DataError, ValueError, TypeError) as error:
            return self._write_apart(taken, error)
        except SQLAlchemyError as error:
            if number and ending:
                self._in_doubt.append((number, taken))
            else:
                self._waiting.extendleft(reversed(taken))
            log.error("the audit waits, %d entries: %s", len(taken), type(error).__name__)
            self._failing = True
            return False
        self._failing = False
        return True

    def _write_apart(self, taken: list[Waiting], error: Exception) -> bool:
        """Write entries each by itself, one of which no database takes; that one is logged."""
        if len(taken) > 1:
            outcomes = [self._wrote([one]) for one in taken]
            return all(outcomes)
        log.critical("%s: this entry of the audit is here only: %s", error, taken[0][0])
        return True

    def _settle_doubts(self) -> None:
        """Have entries wait again whose transaction came to nothing; those that it wrote are not written twice."""
        for _ in range(len(self._in_doubt)):
            try:
                number, entries = self._in_doubt.popleft()
            except IndexError:  # the other writer asks
                return
            try:
                with self._store.reading() as connection:
                    outcome = read_outcome(connection, number)
            except SQLAlchemyError:
                outcome = "in progress"
            if outcome == "in progress":
                self._in_doubt.append((number, entries))
            elif outcome == "aborted":
                self._waiting.extendleft(reversed(entries))

    def _log_waiting(self) -> None:
        """Log what cannot be written any more."""
        doubtful = [(number, one) for number, entries in self._in_doubt for one in entries]
        self._in_doubt.clear()
        for number, one in doubtful:
            log.critical(
                "this entry of the audit is in transaction %s or here only: %s", number, one
            )
        while self._waiting:
            log.critical("this entry of the audit is here only: %s", self._waiting.popleft())


def _log_fault(written: Future[None]) -> None:
    if error := written.exception():
        log.critical("entries of the audit are lost", exc_info=error)
