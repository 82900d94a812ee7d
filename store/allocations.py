"""Allocations of seats as jobs: asked for, run by one process at a time, cancelled, and what came of them.

A job is held by the runner that claimed it for as long as it is heard of; one that fell silent is claimed again.
Whatever a runner writes it writes as the one who holds the job, so that one that was thought dead changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl
import sqlalchemy as sa

from store.erasure import lock_erasures
from store.tables import allocation_people, allocations, participants

Status = Literal["waiting", "running", "finished", "cancelled", "failed"]

CHUNK: Final = 5_000  # people of one statement
NAMED: Final = 500
PROBLEM: Final = 4_000  # characters
MOST_ATTEMPTS: Final = 50  # a job that ends its process each time is given up
OUTCOME: Final = (
    "class_id",
    "fit",
    "status",
    "reason",
    "nearest_class_id",
    "missing",
    "tier",
    "lot",
)

J, P = allocations.c, allocation_people.c


@dataclass(frozen=True)
class Asked:
    """What somebody asks for.

    Attributes
    ----------
    terms : mapping
        JSON: settings, day, classes with their seats, and whether everybody takes part.
    seed : str
        Of the lottery.
    """

    allocation_id: str
    client: str
    bundle_version: str
    terms: Mapping[str, Any]
    seed: str


class UnknownPeopleError(ValueError):
    """Somebody is named whom the store does not hold."""


class LostError(Exception):
    """Another runner holds the job by now."""


def add(connection: sa.Connection, asked: Asked, people: Sequence[Mapping[str, Any]]) -> None:
    """Write a job that waits, and the people of it who are named: rows of ``allocation_people`` without the job.

    Raises
    ------
    UnknownPeopleError
        If the store does not hold one of them.
    """
    lock_erasures(connection, "SHARE")
    unknown = _find_unknown(connection, [one["participant_id"] for one in people])
    if unknown:
        raise UnknownPeopleError(f"no participant has the id {unknown[0]!r}")
    row = vars(asked) | {
        "created_at": dt.datetime.now(dt.UTC),
        "status": "waiting",
        "share": 0.0,
        "cancelled": False,
        "attempts": 0,
    }
    connection.execute(sa.insert(allocations), row)
    plain = dict.fromkeys(("accepted", "offered", "refused")) | {
        "allocation_id": asked.allocation_id
    }
    for first in range(0, len(people), CHUNK):
        rows = [plain | dict(one) for one in people[first : first + CHUNK]]
        connection.execute(sa.insert(allocation_people), rows)


def read(connection: sa.Connection, allocation_id: str) -> dict[str, Any] | None:
    """Return a job's columns by name, None where there is none of that id."""
    asked = sa.select(allocations).where(J.allocation_id == allocation_id)
    row = connection.execute(asked).mappings().one_or_none()
    return None if row is None else dict(row)


def list_open(connection: sa.Connection) -> set[str]:
    """Return the ids of jobs that have not ended."""
    asked = sa.select(J.allocation_id).where(J.status.in_(["waiting", "running"]))
    return set(connection.execute(asked).scalars())


def read_newest(connection: sa.Connection, most: int) -> list[dict[str, Any]]:
    """Return the newest jobs, the very newest first."""
    asked = sa.select(allocations).order_by(J.created_at.desc(), J.allocation_id).limit(most)
    return [dict(row) for row in connection.execute(asked).mappings()]


def read_last_classes(
    connection: sa.Connection, after: str | None
) -> tuple[str, list[dict[str, Any]]] | None:
    """Return the newest finished job and what it told of its classes; None where that is ``after`` or none.

    The id is looked at first: what is told of thousands of classes is not read again and again.
    """
    finished = (
        sa.select(J.allocation_id)
        .where(J.status == "finished")
        .order_by(J.created_at.desc(), J.allocation_id)
        .limit(1)
    )
    newest = connection.execute(finished).scalar_one_or_none()
    if newest is None or newest == after:
        return None
    outcome = connection.execute(sa.select(J.outcome).where(J.allocation_id == newest))
    return newest, outcome.scalar_one()["classes"]


def read_people(
    connection: sa.Connection, allocation_id: str, offset: int, most: int
) -> list[dict[str, Any]]:
    """Return what came of a job for its people, in the order of the lottery."""
    columns = [P.participant_id, *(P[name] for name in OUTCOME)]
    asked = (
        sa.select(*columns)
        .where(P.allocation_id == allocation_id, P.lot.is_not(None))
        .order_by(P.lot)
        .offset(offset)
        .limit(most)
    )
    return [dict(row) for row in connection.execute(asked).mappings()]


def read_seats(connection: sa.Connection, participant_id: str) -> list[dict[str, Any]]:
    """Return all that jobs hold of one person, whatever came of it."""
    asked = sa.select(allocation_people).where(P.participant_id == participant_id)
    return [dict(row) for row in connection.execute(asked.order_by(P.allocation_id)).mappings()]


def cancel(connection: sa.Connection, allocation_id: str) -> None:
    """Have a job end: at once where it waits, with the best so far where it runs."""
    mine = J.allocation_id == allocation_id
    connection.execute(
        sa.update(allocations)
        .where(mine, J.status == "waiting")
        .values(status="cancelled", cancelled=True)
    )
    connection.execute(
        sa.update(allocations).where(mine, J.status == "running").values(cancelled=True)
    )


def has_work(connection: sa.Connection, silence: float) -> bool:
    """Whether some job could be claimed."""
    asked = sa.select(J.allocation_id).where(_is_free(silence)).limit(1)
    return connection.execute(asked).first() is not None


def claim(connection: sa.Connection, runner: str, silence: float) -> dict[str, Any] | None:
    """Return the oldest job that nobody holds, now held by a runner; None where there is none.

    Parameters
    ----------
    silence : float
        Seconds after which a runner that was not heard of is thought dead.
    """
    free = _is_free(silence)
    oldest = sa.select(J.allocation_id).where(free).order_by(J.created_at).limit(1)
    allocation_id = connection.execute(oldest).scalar_one_or_none()
    if allocation_id is None:
        return None
    held = connection.execute(
        sa.update(allocations)
        .where(J.allocation_id == allocation_id, free)
        .values(
            status="running",
            runner=runner,
            heard_at=dt.datetime.now(dt.UTC),
            attempts=J.attempts + 1,
        )
    )
    return read(connection, allocation_id) if held.rowcount else None


def report(
    connection: sa.Connection, allocation_id: str, runner: str, stage: str, share: float
) -> bool:
    """Tell how far a job is, and that its runner lives; return whether the job is to end."""
    now = dt.datetime.now(dt.UTC)
    _change(connection, allocation_id, runner, heard_at=now, stage=stage, share=share)
    cancelled = sa.select(J.cancelled).where(J.allocation_id == allocation_id)
    return bool(connection.execute(cancelled).scalar_one())


def release(connection: sa.Connection, runner: str) -> None:
    """Have the jobs of a runner that ended be claimed again at once."""
    connection.execute(
        sa.update(allocations)
        .where(J.runner == runner, J.status == "running")
        .values(status="waiting", runner=None)
    )


def list_entrants(connection: sa.Connection, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return who takes part, with what was decided before; everybody, where nobody was named, is written down once.

    Who was erased since is not among them.
    """
    allocation_id = job["allocation_id"]
    if job["terms"]["everybody"] and job["entrants"] is None:
        lock_erasures(connection, "SHARE")
        named = sa.select(P.participant_id).where(P.allocation_id == allocation_id)
        rest = sa.select(
            sa.literal(allocation_id, sa.String(32)), participants.c.participant_id
        ).where(participants.c.participant_id.not_in(named))
        columns = ["allocation_id", "participant_id"]
        connection.execute(sa.insert(allocation_people).from_select(columns, rest))
    asked = sa.select(P.participant_id, P.accepted, P.offered, P.refused)
    mine = asked.where(P.allocation_id == allocation_id).order_by(P.participant_id)
    return [dict(row) for row in connection.execute(mine).mappings()]


def promise(
    connection: sa.Connection, allocation_id: str, runner: str, entrants: int, digest: str
) -> None:
    """Write down how many take part, and the hash of them, before anything is decided."""
    _change(connection, allocation_id, runner, entrants=entrants, entrants_sha256=digest)


def write_people(
    connection: sa.Connection, allocation_id: str, runner: str, rows: pl.DataFrame
) -> None:
    """Write what came of a job for some people; who was erased meanwhile stays away."""
    _change(connection, allocation_id, runner, heard_at=dt.datetime.now(dt.UTC))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in OUTCOME}
    change = (
        sa.update(allocation_people)
        .where(P.allocation_id == allocation_id, P.participant_id == sa.bindparam("of_participant"))
        .values(values)
    )
    names = {"participant_id": "of_participant"} | {name: f"new_{name}" for name in OUTCOME}
    connection.execute(change, rows.rename(names).to_dicts())


def end(
    connection: sa.Connection,
    allocation_id: str,
    runner: str,
    status: Status,
    *,
    outcome: Mapping[str, Any] | None = None,
    problem: str | None = None,
) -> None:
    """Write what came of a job as a whole."""
    told = None if problem is None else problem[:PROBLEM]
    changed = {"status": status, "outcome": outcome, "problem": told, "share": 1.0}
    _change(connection, allocation_id, runner, **changed)


def delete_before(connection: sa.Connection, moment: dt.datetime) -> None:
    """Delete jobs that were asked for before a moment, and what came of them."""
    old = sa.select(J.allocation_id).where(J.created_at < moment)
    connection.execute(sa.delete(allocation_people).where(P.allocation_id.in_(old)))
    connection.execute(sa.delete(allocations).where(J.created_at < moment))


def _change(connection: sa.Connection, allocation_id: str, runner: str, **changed: Any) -> None:
    """Change a job that a runner holds.

    Raises
    ------
    LostError
        If it no longer does.
    """
    held = sa.update(allocations).where(_is_held(allocation_id, runner)).values(changed)
    if not connection.execute(held).rowcount:
        raise LostError(allocation_id)


def _is_free(silence: float) -> sa.ColumnElement[bool]:
    """Whether nobody holds a job; while one is run, the others wait for it."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=silence)
    other = allocations.alias().c
    running = sa.exists().where(other.status == "running", other.heard_at >= since)
    silent = sa.and_(J.status == "running", J.heard_at < since)
    return sa.and_(sa.or_(J.status == "waiting", silent), ~running)


def _is_held(allocation_id: str, runner: str) -> sa.ColumnElement[bool]:
    return sa.and_(J.allocation_id == allocation_id, J.runner == runner, J.status == "running")


def _find_unknown(connection: sa.Connection, participant_ids: Sequence[str]) -> list[str]:
    """Return those of the ids whom the store does not hold, in their order."""
    held: set[str] = set()
    for first in range(0, len(participant_ids), NAMED):
        some = participant_ids[first : first + NAMED]
        found = sa.select(participants.c.participant_id).where(
            participants.c.participant_id.in_(some)
        )
        held |= set(connection.execute(found).scalars())
    return [name for name in participant_ids if name not in held]
