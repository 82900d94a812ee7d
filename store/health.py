"""Whether the store answers, reads and writes, as of the last second: asked all the time by a thread of its own."""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import replace
from threading import Event, Thread
from typing import Final

import sqlalchemy as sa

from store.database import Store, open_store
from store.errors import StoreError
from store.tables import salt

PAUSE_SECONDS: Final = 0.5
MIN_ANSWER_SECONDS: Final = 1.0  # a store that was asked has so long at least before it is down

log = logging.getLogger("padan.store")


class StoreHealth:
    """Asks the store all the time.

    It has connections of its own, so that it hangs neither in a full pool nor in what hangs there.

    Parameters
    ----------
    seconds : float
        How long a request waits for the store; whoever has patience with it has so here too.

    Attributes
    ----------
    store : Store
        The same store for requests, which do not ask it where it is known to be down.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        self._seconds = max(seconds, MIN_ANSWER_SECONDS)
        self.store = replace(store, is_up=self.is_up)
        url = store.engine.url.render_as_string(hide_password=False)
        self._asked = open_store(url, self._seconds)
        self._persistent = self._asked.persistent_connection()
        self._non_blocking: sqlite3.Connection | None = None
        self._up, self._checked = True, False
        self._asked_at: float | None = None
        self._closing = Event()

    def is_up(self) -> bool:
        """Whether the store answered when it was asked last, or has still time to."""
        asked_at = self._asked_at
        return self._up and (asked_at is None or time.monotonic() - asked_at < self._seconds)

    def start(self) -> None:
        """Ask once, and from here on."""
        self.ask()
        Thread(target=self._watch, name="store health", daemon=True).start()

    def close(self) -> None:
        """Ask no more; the thread ends after the present question."""
        self._closing.set()

    def ask(self) -> None:
        """Ask whether the store reads and writes."""
        self._asked_at = time.monotonic()
        try:
            if not self._checked:
                self._asked.check_newest()
            self._try_to_write()
        except (sa.exc.SQLAlchemyError, sqlite3.Error, StoreError) as error:
            up, reason = (
                False,
                str(error) if isinstance(error, StoreError) else type(error).__name__,
            )
        else:
            up, reason, self._checked = True, "", True
        if up and not self._up:
            self.store.engine.dispose()  # what is in its pool may be dead without knowing
            log.warning("the store answers again")
        elif not up and self._up:
            log.error("the store does not answer: %s", reason)
        self._up, self._asked_at = up, None

    def _watch(self) -> None:
        while not self._closing.wait(PAUSE_SECONDS):
            self.ask()
        self._persistent.close()
        self._asked.engine.dispose()

    def _try_to_write(self) -> None:
        """Write nothing, which a database that only reads refuses all the same."""
        if self._asked.engine.dialect.name == "sqlite":
            self._try_sqlite()
        else:
            change = sa.update(salt).where(sa.false()).values(value=salt.c.value)
            self._persistent.run(lambda connection: connection.execute(change))

    def _try_sqlite(self) -> None:
        self._non_blocking = self._non_blocking or self._asked.non_blocking_connection()
        assert self._non_blocking  # noqa: S101
        try:
            self._non_blocking.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        else:
            self._non_blocking.execute("ROLLBACK")
