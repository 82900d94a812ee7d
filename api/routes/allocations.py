"""Seats for many people: a job that an officer asks for, looks after, and cancels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final
from uuid import uuid4

import polars as pl
from fastapi import APIRouter, Path, Query, Request

from api.allocations.runner import AllocationRunner
from api.problem_types import UNKNOWN_ALLOCATION
from api.problems import ProblemError, responses
from api.schemas.allocations import (
    Allocation,
    AllocationHead,
    AllocationList,
    AllocationLottery,
    AllocationPeople,
    AllocationPerson,
    AllocationRequest,
    SeatDecision,
)
from api.security.principal import Officer
from api.service import CurrentService, Service, invalid_field
from recommender.matching.lottery import hash_seed, make_seed
from store import allocations
from store.audit import record
from training_data.columns import Classes

PLACE: Final = "/v1/allocations"
JOB: Final = f"{PLACE}/{{allocation_id}}"
NEWEST: Final = 100
ENDED: Final = ("finished", "cancelled", "failed")

AllocationId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=10_000)]

router = APIRouter(tags=["officers"])


@router.post(PLACE, operation_id="allocate", status_code=202)
def allocate(
    asked: AllocationRequest, request: Request, service: CurrentService, principal: Officer
) -> Allocation:
    """Give people seats in classes: a job that goes on by itself; ask for it again by its id.

    It does what `padan allocate` does, with people of the service and classes of its catalogue. It is kept in the
    store: where the service ends meanwhile, it goes on after the next start and comes to the same.
    """
    if asked.settings.objective == "choices":
        raise invalid_field(
            "settings.objective", "lists of choices are read by the command padan allocate alone"
        )
    if asked.settings.max_classes > 1:
        raise invalid_field(
            "settings.max_classes", "more than one is given by the command padan allocate alone"
        )
    allocation_id = uuid4().hex
    engine = service.bundle.engine
    classes = _read_classes(engine.catalogue.classes, asked)
    terms = {
        "everybody": asked.participant_ids is None,
        "day": engine.programme.today().isoformat(),
        "classes": classes,
        "settings": asked.settings.model_dump(mode="json"),
    }
    job = allocations.Asked(
        allocation_id,
        service.actor(principal),
        service.bundle.manifest.version,
        terms,
        make_seed(),
    )
    with service.store.writing() as connection:
        try:
            allocations.add(connection, job, _list_people(asked))
        except allocations.UnknownPeopleError as error:
            raise invalid_field("participant_ids", str(error)) from error
        decision = {"allocation_id": allocation_id, "settings": terms["settings"]}
        record(connection, [service.entry(principal, "allocate", None, decision)])
        row = allocations.read(connection, allocation_id)
    runner: AllocationRunner = request.app.state.allocation_runner
    runner.wake()
    return _answer(row or {})


@router.get(PLACE, operation_id="allocations")
def find_newest(service: CurrentService, _principal: Officer) -> AllocationList:
    """Return the newest hundred jobs, the very newest first."""
    with service.store.reading() as connection:
        rows = allocations.read_newest(connection, NEWEST)
    names = AllocationHead.model_fields
    return AllocationList(
        items=[AllocationHead(**{name: row[name] for name in names}) for row in rows]
    )


@router.get(JOB, operation_id="allocation", responses=responses(404))
def find(allocation_id: AllocationId, service: CurrentService, _principal: Officer) -> Allocation:
    """Return how far a job is, and what came of it."""
    return _answer(_read(service, allocation_id))


@router.get(f"{JOB}/people", operation_id="allocation_people", responses=responses(404))
def find_people(
    allocation_id: AllocationId,
    service: CurrentService,
    principal: Officer,
    offset: Offset = 0,
    limit: Limit = 1_000,
) -> AllocationPeople:
    """Return who sits where, and why others do not, in the order of the lottery."""
    row = _read(service, allocation_id)
    if row["outcome"] is None:
        return AllocationPeople(total=0, offset=offset, items=[])
    with service.store.writing() as connection:
        people = allocations.read_people(connection, allocation_id, offset, limit)
        seen = [
            service.entry(
                principal, "read", one["participant_id"], {"allocation_id": allocation_id}
            )
            for one in people
        ]
        record(connection, seen)
    total = row["outcome"]["summary"]["participants"]
    return AllocationPeople(
        total=total, offset=offset, items=[AllocationPerson(**one) for one in people]
    )


@router.post(f"{JOB}/cancel", operation_id="cancel_allocation", responses=responses(404))
def cancel(allocation_id: AllocationId, service: CurrentService, principal: Officer) -> Allocation:
    """End a job: one that runs gives the best that it has by then; one that has ended stays as it is."""
    _read(service, allocation_id)
    with service.store.writing() as connection:
        allocations.cancel(connection, allocation_id)
        decision = {"allocation_id": allocation_id, "cancel": True}
        record(connection, [service.entry(principal, "allocate", None, decision)])
    return _answer(_read(service, allocation_id))


def _read(service: Service, allocation_id: str) -> dict[str, Any]:
    with service.store.reading() as connection:
        row = allocations.read(connection, allocation_id)
    if row is None:
        raise ProblemError(UNKNOWN_ALLOCATION, f"no allocation has the id '{allocation_id}'")
    return row


def _answer(row: dict[str, Any]) -> Allocation:
    outcome = row["outcome"] or {"summary": None, "bounds": [], "classes": []}
    lottery = AllocationLottery(
        seed_sha256=hash_seed(row["seed"]),
        entrants=row["entrants"],
        entrants_sha256=row["entrants_sha256"],
        seed=row["seed"] if row["status"] in ENDED else None,
    )
    names = ("allocation_id", "created_at", "status", "bundle_version", "stage", "share", "problem")
    return Allocation(
        day=row["terms"]["day"], lottery=lottery, **outcome, **{name: row[name] for name in names}
    )


def _read_classes(catalogue: pl.DataFrame, asked: AllocationRequest) -> list[dict[str, Any]] | None:
    """Return the classes with their seats, None for all; each is to be in the catalogue, and named once."""
    known = set(catalogue[Classes.class_id.name])
    named: set[str] = set()
    for number, one in enumerate(asked.classes or ()):
        field = f"classes.{number}.class_id"
        if one.class_id not in known:
            raise invalid_field(field, f"the catalogue has no class {one.class_id!r}")
        if one.class_id in named:
            raise invalid_field(field, f"{one.class_id!r} stands there more than once")
        named.add(one.class_id)
    _check_decided(asked, known if asked.classes is None else named)
    return None if asked.classes is None else [one.model_dump() for one in asked.classes]


def _check_decided(asked: AllocationRequest, class_ids: Collection[str]) -> None:
    """Refuse seats that are kept, and places that were offered, in classes that are not given."""
    decided: tuple[tuple[str, Sequence[SeatDecision]], ...] = (
        ("accepted", asked.accepted),
        ("offered", asked.offered),
    )
    for name, decisions in decided:
        for number, one in enumerate(decisions):
            if one.class_id not in class_ids:
                raise invalid_field(
                    f"{name}.{number}.class_id", f"{one.class_id!r} is not among the classes"
                )


def _list_people(asked: AllocationRequest) -> list[dict[str, Any]]:
    """Return the people who are named, each once, with what was decided before."""
    people: dict[str, dict[str, Any]] = {
        name: {"participant_id": name} for name in asked.participant_ids or ()
    }
    decided: tuple[tuple[str, Sequence[SeatDecision]], ...] = (
        ("accepted", asked.accepted),
        ("offered", asked.offered),
        ("refused", asked.refused),
    )
    for name, decisions in decided:
        for number, one in enumerate(decisions):
            field = f"{name}.{number}.participant_id"
            if one.participant_id not in people and asked.participant_ids is not None:
                raise invalid_field(field, "not among the participant_ids")
            row = people.setdefault(one.participant_id, {"participant_id": one.participant_id})
            if name == "refused":
                row.setdefault(name, []).append(one.class_id)
            elif name in row:
                raise invalid_field(field, "stands there more than once")
            else:
                row[name] = one.class_id
    return list(people.values())
