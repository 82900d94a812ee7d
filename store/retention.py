"""Retention: what is kept no longer than its purpose needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from store.revisions import renew_revisions
from store.tables import audit, events, participants, shown


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
) -> Pruned:
    """Delete what is too old: events and shown lists, silent participants, and entries of the audit.

    Parameters
    ----------
    participant_days : int
        Days since the last change of the profile, and since the last event received.
    event_days : int
        Days since the event happened, or the list was shown.
    audit_days : int
        Days since the entry was written; the database refuses less than 365.
    """
    too_old = events.c.at < now - dt.timedelta(days=event_days)
    whose = sa.select(events.c.participant_id).where(too_old).distinct()
    renew_revisions(connection, connection.execute(whose).scalars().all())
    old = connection.execute(sa.delete(events).where(too_old))
    since = now - dt.timedelta(days=participant_days)
    heard_of = sa.exists().where(
        events.c.participant_id == participants.c.participant_id, events.c.received_at >= since
    )
    silent = connection.execute(
        sa.delete(participants).where(participants.c.changed_at < since, ~heard_of)
    )
    lists = connection.execute(
        sa.delete(shown).where(shown.c.at < now - dt.timedelta(days=event_days))
    )
    entries = connection.execute(
        sa.delete(audit).where(audit.c.at < now - dt.timedelta(days=audit_days))
    )
    return Pruned(silent.rowcount, old.rowcount, lists.rowcount, entries.rowcount)
