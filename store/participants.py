"""Participants in the store: found by id, written, and objecting to profiling."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
import sqlalchemy as sa

from store.erasure import find_erased, lock_erasures
from store.impressions import to_events
from store.revisions import new_revision
from store.tables import events, participants, prunings, shown
from store.upserts import build_upsert
from training_data.columns import Interactions, Participants
from training_data.profiles import ParticipantRows, to_frames

P, E = Participants, Interactions
PROFILE = tuple(P.columns())
EVENT = tuple(E.columns())


ERASED = "this participant was erased; somebody who returns gets a new id"


class ErasedError(ValueError):
    """The participant of this id was erased; ids of the erased are not given out again."""


class Written(NamedTuple):
    """Ids of participants who are new, and of those who were erased, so that nothing was written."""

    new: frozenset[str]
    erased: frozenset[str]


def find(connection: sa.Connection, ids: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows of the Participants contract of those who are known, and what they did.

    Returns
    -------
    participants : DataFrame
        In the order of ``ids``; unknown ids are left out.
    events : DataFrame
        Rows of the Interactions contract, impressions left out.
    """
    found = rows(connection, ids)
    return to_frames([found[name] for name in ids if name in found])


def rows(connection: sa.Connection, ids: Sequence[str]) -> dict[str, ParticipantRows]:
    """Return the rows of each participant who is known, impressions left out."""
    people = sa.select(*(participants.c[name] for name in PROFILE)).where(
        participants.c.participant_id.in_(ids)
    )
    done = sa.select(*(events.c[name] for name in EVENT)).where(
        events.c.participant_id.in_(ids), events.c.kind != "impression"
    )
    found = {
        row.participant_id: ParticipantRows(tuple(row), []) for row in connection.execute(people)
    }
    for row in connection.execute(done):
        if row.participant_id in found:
            found[row.participant_id].events.append(tuple(row))
    return found


def read(
    connection: sa.Connection, participant_id: str, *, lock: bool = False
) -> dict[str, Any] | None:
    """Return a participant's columns by name, None where nobody has that id.

    Parameters
    ----------
    lock : bool
        Keep others from changing or erasing them until the transaction ends.
    """
    asked = sa.select(*(participants.c[name] for name in PROFILE)).where(
        participants.c.participant_id == participant_id
    )
    if lock:
        lock_erasures(connection, "SHARE")  # as `put` does first, so that nobody waits in a circle
        asked = asked.with_for_update()
    row = connection.execute(asked).mappings().one_or_none()
    return None if row is None else dict(row)


def put(connection: sa.Connection, row: Mapping[str, Any], pseudonym: Callable[[str], str]) -> bool:
    """Write a participant's profile; whether they object to profiling stays as it was.

    Returns
    -------
    bool
        Whether the participant is new.

    Raises
    ------
    ErasedError
        If the id was erased.
    """
    written = put_many(connection, [row], pseudonym)
    if written.erased:
        raise ErasedError(ERASED)
    return bool(written.new)


def put_many(
    connection: sa.Connection, rows: Sequence[Mapping[str, Any]], pseudonym: Callable[[str], str]
) -> Written:
    """Write profiles as `put` does, in a few statements: whoever erases somebody waits for them."""
    lock_erasures(connection, "SHARE")
    ids = {row[P.participant_id.name] for row in rows}
    erased = find_erased(connection, ids, pseudonym)
    left = ids - erased
    if not left:
        return Written(frozenset(), frozenset(erased))
    subjects = [pseudonym(name) for name in left]
    connection.execute(sa.delete(prunings).where(prunings.c.subject.in_(subjects)))
    asked = sa.select(participants.c.participant_id).where(participants.c.participant_id.in_(left))
    known = set(connection.execute(asked).scalars())
    facts = [
        {P.profiling_opt_out.name: False} | _change() | dict(row)
        for row in rows
        if row[P.participant_id.name] in left
    ]
    kept = {P.participant_id.name, P.profiling_opt_out.name}
    connection.execute(build_upsert(connection, participants, facts[0].keys() - kept), facts)
    return Written(frozenset(left - known), frozenset(erased))


def set_objection(connection: sa.Connection, participant_id: str, opt_out: bool) -> bool:
    """Note whether a participant objects to profiling; False where nobody has that id."""
    change = (
        sa.update(participants)
        .where(participants.c.participant_id == participant_id)
        .values(profiling_opt_out=opt_out, **_change())
    )
    return connection.execute(change).rowcount == 1


def read_events(connection: sa.Connection, participant_id: str) -> list[dict[str, Any]]:
    """Return all that is held of what a participant did and was shown, the oldest first."""
    sent = sa.select(events).where(events.c.participant_id == participant_id)
    lists = sa.select(shown).where(shown.c.participant_id == participant_id)
    found = [dict(row) for row in connection.execute(sent).mappings()]
    for row in connection.execute(lists).mappings():
        found += to_events(row)
    return sorted(found, key=lambda event: (event[E.at.name], event[E.event_id.name]))


def _change() -> dict[str, Any]:
    return {"changed_at": dt.datetime.now(dt.UTC), "revision": new_revision()}
