"""Events enter the store in batches: whole or not at all, each id once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from store.erasure import find_erased, lock_erasures
from store.revisions import renew_revisions
from store.tables import events
from store.upserts import build_upsert
from training_data.columns import Interactions

E = Interactions
EVENT = tuple(E.columns())


class EventRefusedError(ValueError):
    """An event that cannot be taken, so that nothing of its batch is.

    Attributes
    ----------
    index : int
        Its place in the batch, from 0.
    field : str
    """

    def __init__(self, index: int, field: str, message: str) -> None:
        super().__init__(message)
        self.index = index
        self.field = field


@dataclass(frozen=True)
class Added:
    """How many events of a batch are new, and how many were there with the same content."""

    accepted: int
    repeated: int


def add(
    connection: sa.Connection, batch: Sequence[Mapping[str, Any]], pseudonym: Callable[[str], str]
) -> Added:
    """Add a batch of events, rows of the Interactions contract.

    Raises
    ------
    EventRefusedError
        If an id is there, or comes before in the batch, with another content; or if the participant was
        erased. The caller's transaction must then be undone.
    """
    lock_erasures(connection, "SHARE")
    _refuse_erased(connection, batch, pseudonym)
    first: dict[str, Mapping[str, Any]] = {}
    for index, event in enumerate(batch):
        known = first.setdefault(event[E.event_id.name], event)
        _same(index, known, event)
    now = dt.datetime.now(dt.UTC)
    # In the order of their ids: batches that share some then never wait for each other in a circle.
    rows = [dict(first[event_id]) | {"received_at": now} for event_id in sorted(first)]
    insert = build_upsert(connection, events).returning(events.c.event_id)
    added = set(connection.execute(insert, rows).scalars()) if rows else set()
    _compare(connection, batch, first.keys() - added)
    renew_revisions(
        connection, {row[E.participant_id.name] for row in rows if _is_new_deed(row, added)}
    )
    return Added(len(added), len(batch) - len(added))


def _is_new_deed(event: Mapping[str, Any], added: set[str]) -> bool:
    return event[E.event_id.name] in added and event[E.kind.name] != "impression"


def _refuse_erased(
    connection: sa.Connection, batch: Sequence[Mapping[str, Any]], pseudonym: Callable[[str], str]
) -> None:
    people = {event[E.participant_id.name] for event in batch}
    gone = find_erased(connection, people, pseudonym)
    for index, event in enumerate(batch):
        if event[E.participant_id.name] in gone:
            raise EventRefusedError(
                index,
                E.participant_id.name,
                "this participant was erased; send nothing more of them",
            )


def _compare(
    connection: sa.Connection, batch: Sequence[Mapping[str, Any]], repeated: set[str]
) -> None:
    if not repeated:
        return
    asked = sa.select(*(events.c[name] for name in EVENT)).where(events.c.event_id.in_(repeated))
    held = {row[E.event_id.name]: row for row in connection.execute(asked).mappings()}
    for index, event in enumerate(batch):
        if event[E.event_id.name] in held:
            _same(index, held[event[E.event_id.name]], event)


def _same(index: int, known: Mapping[Any, Any], event: Mapping[str, Any]) -> None:
    for name in EVENT:
        if known[name] != event[name]:
            raise EventRefusedError(
                index,
                name,
                f"the event '{event[E.event_id.name]}' is known with another {name}; "
                "a correction is a new event with an id of its own",
            )
