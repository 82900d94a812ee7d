"""The audit: one entry for each access and each decision; it is only ever added to.

Entries name people by the salted hash of their id and hold no contents of a profile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from store.statements import insert
from store.tables import audit

Action = Literal[
    "allocate",
    "recommend",
    "eligibility",
    "plan",
    "audience",
    "read",
    "write",
    "export",
    "object",
    "erase",
    "events",
    "prune",
    "restore",
    "refuse",
]


class Entry(NamedTuple):
    """Who did what to whose data, and what was decided.

    Attributes
    ----------
    actor : str
        Name of the client.
    subject : str, optional
        `Store.pseudonym` of the participant.
    decision : list, dict or Packed, optional
        Ids of trainings and reason codes.
    arm : str, optional
        ``control`` or ``candidate``, where the person took part in an experiment.
    """

    actor: str
    action: Action
    subject: str | None = None
    request_id: str | None = None
    bundle_version: str | None = None
    programme: str | None = None
    decision: Any = None
    arm: str | None = None


def record(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Add entries; of their texts, what no database can hold is written out as its code."""
    if entries:
        entries = [Entry(*map(_clean, entry)) for entry in entries]
        columns = dict(zip(Entry._fields, zip(*entries, strict=True), strict=True))
        moments = [dt.datetime.now(dt.UTC)] * len(entries)
        insert(connection, audit, {**columns, "at": moments})


def _clean(value: Any) -> Any:
    """Return a text without NUL and without halves of characters; anything else as it is."""
    if type(value) is not str or (value.isprintable() and value.isascii()):
        return value
    return value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def read_entries(connection: sa.Connection, subject: str) -> list[dict[str, Any]]:
    """Return the entries about one person, the oldest first."""
    # In two parts: told the whole, SQLite puts it into the index's expression, and finds no index for what is left.
    of_them = sa.text("substr(subject, 1, 8) = :first AND substr(subject, 9) = :rest")
    parts = of_them.bindparams(first=subject[:8], rest=subject[8:])
    asked = sa.select(audit).where(parts).order_by(audit.c.entry)
    return [dict(row) for row in connection.execute(asked).mappings()]
