"""Retention: what is kept no longer than its purpose needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from store.allocations import delete_before
from store.erasure import delete_rows, lock_erasures
from store.revisions import renew_revisions
from store.tables import audit, events, participants, prunings, shown
from store.upserts import build_upsert

CHUNK = 500


@dataclass(frozen=True)
class Pruned:
    """How many rows were too old."""

    participants: int
    events: int
    shown: int
    audit: int


def prune(
    connection: sa.Connection,
    participant_days: int,
    event_days: int,
    audit_days: int,
    now: dt.datetime,
    pseudonym: Callable[[str], str],
) -> Pruned:
    """Delete what is too old: events, shown lists and allocations, silent participants, and entries of the audit.

    A silent participant goes with all that is held of them. That they were here is noted under the salted hash:
    no dataset brings them back, only their own return does.

    Parameters
    ----------
    participant_days : int
        Days since the last change of the profile, and since the last event received.
    event_days : int
        Days since the event happened, the list was shown, or the allocation was asked for.
    audit_days : int
        Days since the entry was written; the database refuses less than 365.
    """
    lock_erasures(connection, "SHARE")
    too_old = events.c.at < now - dt.timedelta(days=event_days)
    whose = sa.select(events.c.participant_id).where(too_old).distinct()
    renew_revisions(connection, connection.execute(whose).scalars().all())
    old = connection.execute(sa.delete(events).where(too_old))
    since = now - dt.timedelta(days=participant_days)
    heard_of = sa.exists().where(
        events.c.participant_id == participants.c.participant_id, events.c.received_at >= since
    )
    asked = sa.select(participants.c.participant_id).where(
        participants.c.changed_at < since, ~heard_of
    )
    silent = connection.execute(asked).scalars().all()
    for first in range(0, len(silent), CHUNK):
        some = silent[first : first + CHUNK]
        delete_rows(connection, some)
        noted = [{"subject": pseudonym(name), "at": now} for name in some]
        connection.execute(build_upsert(connection, prunings), noted)
    delete_before(connection, now - dt.timedelta(days=event_days))
    lists = connection.execute(
        sa.delete(shown).where(shown.c.at < now - dt.timedelta(days=event_days))
    )
    entries = connection.execute(
        sa.delete(audit).where(audit.c.at < now - dt.timedelta(days=audit_days))
    )
    return Pruned(len(silent), old.rowcount, lists.rowcount, entries.rowcount)
