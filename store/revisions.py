"""Revisions: a new one for a participant after each change of the profile or of what they did.

Whoever keeps something made of a participant asks for the revision, which is cheap, and not for the rows.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from store.statements import write_placeholders
from store.tables import participants

CHUNK = 500
_REVISIONS = "SELECT participant_id, revision FROM participants WHERE participant_id IN ({})"


def new_revision() -> str:
    """Return a revision that was never there before, also of somebody who was gone meanwhile."""
    return secrets.token_hex(8)


def renew_revisions(connection: sa.Connection, participant_ids: Collection[str]) -> None:
    """Give participants a new revision, in the transaction of the change; unknown ids are passed over.

    Rows are locked in the order of their ids, so that two transactions never wait for each other.
    """
    ids = sorted(participant_ids)
    for first in range(0, len(ids), CHUNK):
        mine = participants.c.participant_id.in_(ids[first : first + CHUNK])
        locked = sa.select(participants.c.participant_id).where(mine)
        connection.execute(locked.order_by(participants.c.participant_id).with_for_update()).all()
        connection.execute(sa.update(participants).where(mine).values(revision=new_revision()))


def read_revisions(connection: sa.Connection, participant_ids: Sequence[str]) -> dict[str, str]:
    """Return the revision of each participant who is known."""
    asked = _REVISIONS.format(write_placeholders(connection, len(participant_ids)))
    found = connection.exec_driver_sql(asked, tuple(participant_ids))
    return {row[0]: row[1] for row in found.all()}


def read_revisions_bare(bare: sqlite3.Connection, participant_ids: Sequence[str]) -> dict[str, str]:
    """Return the same from `Store.non_blocking_connection`."""
    asked = _REVISIONS.format(", ".join("?" * len(participant_ids)))
    return dict(bare.execute(asked, participant_ids).fetchall())
