"""Participants by id: kept in memory, and held to the store at every request.

What is kept of a participant is used only as long as the store still names the revision it was made of. So
a change by any process is seen at the next request, for one cheap query that requests share.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from store import participants
from store.database import Store
from store.erasure import erased_since
from store.revisions import revisions, revisions_at_once
from training_data.columns import Participants
from training_data.profiles import Rows

MOST_RECENT = 300
OBJECTS = list(Participants.columns()).index(Participants.profiling_opt_out.name)
KEPT_SECONDS = (
    600.0  # so long somebody is kept after the last request, or through an outage of the store
)
LOOKED_BACK = dt.timedelta(minutes=1)  # requests that were under way at an erasure are over by then


@dataclass
class Person:
    """One participant: the rows, and what was made of them.

    Attributes
    ----------
    revision, subject : str or None
        Of the store; None for a profile that came with the request.
    checked_at : float
        When the store was last asked for the revision, on the monotonic clock.
    made : dict
        Kept by whoever makes something of the rows; it goes when the person goes.
    """

    rows: Rows
    revision: str | None = None
    subject: str | None = None
    checked_at: float = 0.0
    made: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def objects(self) -> bool:
        """Whether they object to profiling."""
        return bool(self.rows.profile[OBJECTS])


class People:
    """Participants of the store who were asked about lately; safe to use from several threads.

    Parameters
    ----------
    most : int
        How many are kept; who was not asked about for longest goes first.
    """

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._standing = store.standing()
        self._at_once = store.at_once()
        self._most = most
        self._kept: OrderedDict[str, Person] = OrderedDict()
        self._lock = Lock()

    def find(self, ids: Sequence[str]) -> list[Person | None]:
        """Return participants as the store holds them now; None for one whom it does not hold."""
        distinct = list(dict.fromkeys(ids))
        newest = self._standing.ask(lambda connection: revisions(connection, distinct))
        found: dict[str, Rows] = {}
        if changed := self._changed(newest):
            with self._store.reading() as connection:  # rows and revisions of one moment
                newest = revisions(connection, distinct)
                found = participants.rows(connection, changed)
        return self._found(ids, newest, found)

    def find_at_once(self, ids: Sequence[str]) -> list[Person | None] | None:
        """Return participants who are all kept as the store holds them now, where it can tell at once, else None.

        A store on this machine answers in less time than it takes to hand the question to a thread.
        """
        if self._at_once is None:
            return None
        distinct = list(dict.fromkeys(ids))
        try:
            newest = revisions_at_once(self._at_once, distinct)
        except sqlite3.Error:  # it is busy, or worse: `find` will tell
            return None
        return None if self._changed(newest) else self._found(ids, newest, {})

    def _found(
        self, ids: Sequence[str], newest: Mapping[str, str], found: Mapping[str, Rows]
    ) -> list[Person | None]:
        """Keep what was found anew, and return the participants."""
        now = time.monotonic()
        with self._lock:
            for name in dict.fromkeys(ids):
                if name not in newest:
                    self._kept.pop(name, None)
                elif name in found:
                    subject = self._store.pseudonym(name)
                    self._kept[name] = Person(found[name], newest[name], subject)
                if person := self._kept.get(name):
                    person.checked_at = now
                    self._kept.move_to_end(name)
            answers = [self._kept.get(name) for name in ids]
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return answers

    def at_hand(self, participant_id: str) -> Person | None:
        """Return a participant without asking the store, where it was asked not long ago."""
        with self._lock:
            person = self._kept.get(participant_id)
        fresh = person is not None and time.monotonic() - person.checked_at < KEPT_SECONDS
        return person if fresh else None

    def recent(self) -> list[Rows]:
        """Return those who were asked about last, but for those who object to profiling."""
        with self._lock:
            last = list(self._kept.values())[-MOST_RECENT:]
        return [person.rows for person in last if not person.objects]

    def forget(self, participant_id: str) -> None:
        """Keep nothing of a participant."""
        with self._lock:
            self._kept.pop(participant_id, None)

    def sweep(self) -> None:
        """Keep nothing of those whom any process erased, nor of those not asked about for long."""
        old = time.monotonic() - KEPT_SECONDS
        with self._lock:
            while self._kept and next(iter(self._kept.values())).checked_at < old:
                self._kept.popitem(last=False)
        with self._store.reading() as connection:
            gone = erased_since(connection, dt.datetime.now(dt.UTC) - LOOKED_BACK)
        if gone:
            with self._lock:
                for name in [n for n, person in self._kept.items() if person.subject in gone]:
                    del self._kept[name]

    def close(self) -> None:
        """Give back the connections to the store."""
        self._standing.close()
        if self._at_once:
            self._at_once.close()

    def _changed(self, newest: Mapping[str, str]) -> list[str]:
        """Return who is not kept as of the newest revision."""
        with self._lock:
            kept = {name: self._kept.get(name) for name in newest}
        return [
            name for name, person in kept.items() if not person or person.revision != newest[name]
        ]
