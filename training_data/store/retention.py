"""Retention: what is kept no longer than its purpose needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from training_data.store.revisions import renew
from training_data.store.tables import events, participants


@dataclass(frozen=True)
class Pruned:
    """How many rows were too old."""

    participants: int
    events: int


def prune(
    connection: sa.Connection, participant_days: int, event_days: int, now: dt.datetime
) -> Pruned:
    """Delete events that happened too long ago, and participants of whom nothing was heard for too long.

    Parameters
    ----------
    participant_days : int
        Days since the last change of the profile, and since the last event received.
    event_days : int
        Days since the event happened.
    """
    too_old = events.c.at < now - dt.timedelta(days=event_days)
    whose = sa.select(events.c.participant_id).where(too_old).distinct()
    renew(connection, connection.execute(whose).scalars().all())
    old = connection.execute(sa.delete(events).where(too_old))
    since = now - dt.timedelta(days=participant_days)
    heard_of = sa.exists().where(
        events.c.participant_id == participants.c.participant_id, events.c.received_at >= since
    )
    silent = connection.execute(
        sa.delete(participants).where(participants.c.changed_at < since, ~heard_of)
    )
    return Pruned(silent.rowcount, old.rowcount)
