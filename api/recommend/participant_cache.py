"""Participants by id: kept in memory, and held to the store at every request.

What is kept of a participant is used only as long as the store still names the revision it was made of. So
a change by any process is seen at the next request, for one cheap query that requests share.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from cachetools import TTLCache

from recommender.participants.prepared import PreparedParticipants
from store import participants
from store.database import Store
from store.revisions import CHUNK, read_revisions, read_revisions_bare
from training_data.columns import Participants
from training_data.packing import PackedRow
from training_data.profiles import ParticipantRows

MAX_RECENT = 300
OPT_OUT = list(Participants.columns()).index(Participants.profiling_opt_out.name)
# how long somebody is kept after the last request, or through an outage of the store
KEPT_SECONDS = 600.0


@dataclass
class CachedParticipant:
    """One participant: the rows, and what was prepared of them.

    Attributes
    ----------
    revision, subject : str or None
        Of the store; None for a participant who is described in the request.
    prepared : dict
        By what it depends on beside the person, see `api.recommend.slates`; it goes when the person goes.
    """

    rows: ParticipantRows
    revision: str | None = None
    subject: str | None = None
    prepared: dict[Hashable, PackedRow[PreparedParticipants]] = field(
        default_factory=dict, repr=False
    )

    @property
    def opted_out(self) -> bool:
        """Whether they object to profiling."""
        return bool(self.rows.profile[OPT_OUT])


class ParticipantCache:
    """Participants of the store who were asked about lately; safe to use from several threads.

    Parameters
    ----------
    size : int
        How many are kept; who was not asked about for longest goes first.
    """

    def __init__(self, store: Store, size: int) -> None:
        self._store = store
        self._persistent = store.persistent_connection()
        self._non_blocking = store.non_blocking_connection()
        self._kept: TTLCache[str, CachedParticipant] = TTLCache(size, KEPT_SECONDS)
        self._lock = Lock()

    @property
    def store_is_up(self) -> bool:
        """Whether the store answered in the last second."""
        return self._store.is_up()

    def find(self, ids: Sequence[str]) -> list[CachedParticipant | None]:
        """Return participants as the store holds them now; None for one whom it does not hold."""
        distinct = list(dict.fromkeys(ids))
        newest = self._persistent.run(lambda connection: read_revisions(connection, distinct))
        kept = self._find_current(newest)
        if len(kept) < len(newest):
            with self._store.reading() as connection:  # rows and revisions of one moment
                newest = read_revisions(connection, distinct)
                kept = self._find_current(newest)
                changed = [name for name in newest if name not in kept]
                kept |= {
                    name: CachedParticipant(rows, newest[name], self._store.pseudonym(name))
                    for name, rows in participants.rows(connection, changed).items()
                }
        return self._keep(ids, kept)

    def find_without_waiting(self, ids: Sequence[str]) -> list[CachedParticipant | None] | None:
        """Return participants who are all kept as the store holds them now, where it can tell at once, else None.

        A store on this machine answers in less time than it takes to hand the statement to a thread.
        """
        if self._non_blocking is None:
            return None
        distinct = list(dict.fromkeys(ids))
        try:
            newest = read_revisions_bare(self._non_blocking, distinct)
        except sqlite3.Error:  # it is busy, or worse: `find` will tell
            return None
        kept = self._find_current(newest)
        return self._keep(ids, kept) if len(kept) == len(newest) else None

    def _keep(
        self, ids: Sequence[str], current: Mapping[str, CachedParticipant]
    ) -> list[CachedParticipant | None]:
        """Keep those who were found, their time beginning anew, and nobody else of ``ids``; return them."""
        with self._lock:
            for name in ids:
                self._kept.pop(name, None)
            self._kept.update(current)
        return [current.get(name) for name in ids]

    def find_kept(self, participant_id: str) -> CachedParticipant | None:
        """Return a participant without asking the store, where it was asked not long ago."""
        with self._lock:
            return self._kept.get(participant_id)

    def list_recent(self) -> list[ParticipantRows]:
        """Return those who were asked about last, but for those who object to profiling."""
        with self._lock:
            last = list(self._kept.values())[-MAX_RECENT:]
        return [participant.rows for participant in last if not participant.opted_out]

    def forget(self, participant_id: str) -> None:
        """Keep nothing of somebody who was erased or changed here: an outage may begin at any moment."""
        with self._lock:
            self._kept.pop(participant_id, None)

    def sweep(self) -> None:
        """Keep nothing of those whom any process erased or changed, nor of those not asked about for long."""
        with self._lock:
            self._kept.expire()
            names = list(self._kept)
        newest: dict[str, str] = {}
        with self._store.reading() as connection:
            for first in range(0, len(names), CHUNK):
                newest |= read_revisions(connection, names[first : first + CHUNK])
        with self._lock:
            for name in names:
                kept = self._kept.get(name)
                if kept is not None and kept.revision != newest.get(name):
                    del self._kept[name]

    def reconnect(self) -> None:
        """Ask over new connections from here on; what hangs in the old ones is left to itself."""
        old, self._persistent = self._persistent, self._store.persistent_connection()
        old.abandon()
        self._store.engine.dispose()

    def close(self) -> None:
        """Give back the connections to the store."""
        self._persistent.abandon()
        if self._non_blocking:
            self._non_blocking.close()

    def _find_current(self, newest: Mapping[str, str]) -> dict[str, CachedParticipant]:
        """Return those who are kept as of the newest revision."""
        with self._lock:
            kept = {name: self._kept.get(name) for name in newest}
        return {name: one for name, one in kept.items() if one and one.revision == newest[name]}
