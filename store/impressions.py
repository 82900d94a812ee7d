"""Lists that were shown: one row for each, from which the impressions of its places are made.

A portal may send one request id with two lists. Where the list, or whom it was for, is another one, it is kept
under the id with `~` and a hash behind, which no portal can send.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from store.erasure import find_erased, lock_erasures
from store.statements import Packed, as_json, insert
from store.tables import shown
from training_data.columns import OWN_EVENT, Interactions

E = Interactions


class ShownSlate(NamedTuple):
    """One list.

    Attributes
    ----------
    items : list of (str, float), or that list packed
        Each training's id, and the propensity: the probability with which it was put at its place.
    """

    request_id: str
    participant_id: str
    at: dt.datetime
    bundle_version: str
    items: list[tuple[str, float]] | Packed


def add(
    connection: sa.Connection, lists: Sequence[ShownSlate], pseudonym: Callable[[str], str]
) -> None:
    """Add lists; one that is there already, and those of somebody who was erased meanwhile, are passed over."""
    if not lists:
        return
    lock_erasures(connection, "SHARE")
    gone = find_erased(connection, {one.participant_id for one in lists}, pseudonym)
    left = [one for one in lists if one.participant_id not in gone]
    if _insert(connection, left) < len(left):
        _insert(connection, _rename_others(connection, left))


def _insert(connection: sa.Connection, lists: Sequence[ShownSlate]) -> int:
    """Add the lists whose request id is new; return how many."""
    if not lists:
        return 0
    columns = dict(zip(ShownSlate._fields, zip(*lists, strict=True), strict=True))
    return insert(connection, shown, columns, "ON CONFLICT DO NOTHING")


def _rename_others(connection: sa.Connection, lists: Sequence[ShownSlate]) -> list[ShownSlate]:
    """Return, under an id of their own, the lists whose request id is another list's."""
    asked = sa.select(shown).where(shown.c.request_id.in_({one.request_id for one in lists}))
    held = {
        row["request_id"]: (row["participant_id"], row["items"])
        for row in connection.execute(asked).mappings()
    }
    others = []
    for one in lists:
        content = one.participant_id, orjson.loads(as_json(one.items))
        if content != held[one.request_id]:
            mark = hashlib.sha256(as_json(content).encode()).hexdigest()[:8]
            others.append(one._replace(request_id=f"{one.request_id}~{mark}"))
    return others


def to_events(row: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """Return a row of the table as impressions, rows of the Interactions contract.

    Their ids begin with what the ids of events that portals send may not.
    """
    request = hashlib.sha256(row["request_id"].encode()).hexdigest()[:32]  # however long its id is
    return [
        dict.fromkeys(E.columns())
        | {
            E.event_id.name: f"{OWN_EVENT}{request}:{position}",
            E.participant_id.name: row["participant_id"],
            E.course_id.name: course_id,
            E.kind.name: "impression",
            E.at.name: row["at"],
            E.request_id.name: row["request_id"],
            E.position.name: position,
            E.propensity.name: propensity,
            E.bundle_version.name: row["bundle_version"],
        }
        for position, (course_id, propensity) in enumerate(row["items"], start=1)
    ]
