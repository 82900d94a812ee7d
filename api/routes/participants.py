"""Participants: their profile, their objection, their export, and their erasure."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from sqlalchemy import Connection

from api.problem_types import CHANGED, ERASED
from api.problems import ProblemError, responses
from api.routes.recommendations import CurrentHandler
from api.schemas.etags import make_etag, matches
from api.schemas.participants import Erasure, Export, Objection, StoredParticipant
from api.security.principal import Portal, Principal
from api.service import CurrentService, Service, invalid_field, unknown_participant
from store import allocations, audit, participants
from store.audit import record
from store.erasure import erase
from store.erasure_lists import append_to_lists
from training_data.profiles import ParticipantId, Profile, ProfileError, to_row

AskedId = Annotated[ParticipantId, Path()]
IfMatch = Annotated[str | None, Header(max_length=1_000)]
PLACE = "/v1/participants/{participant_id}"

_COLUMNS = {"region": "region_code"}  # fields whose column has another name
_FIELDS = {column: name for name, column in _COLUMNS.items()}

router = APIRouter(tags=["participants"])


@router.put(
    PLACE,
    operation_id="put_participant",
    responses=responses(410, 412) | {201: {"model": StoredParticipant}},
)
def write(
    participant_id: AskedId,
    profile: Profile,
    response: Response,
    service: CurrentService,
    principal: Portal,
    if_match: IfMatch = None,
    if_none_match: IfMatch = None,
) -> StoredParticipant:
    """Register a participant, or replace the profile; whether they object to profiling stays as it was."""
    service.require_own(principal, participant_id)
    row = _to_row(service, profile, participant_id)
    with service.store.writing() as connection:
        before = participants.read(connection, participant_id, lock=True)
        _require_match(before, if_match)
        if if_none_match is not None and matches(_held(before), if_none_match):
            detail = "a participant with that id and that profile is there already"
            raise ProblemError(CHANGED, detail)
        new = _put(connection, service, principal, row)
        held = participants.read(connection, participant_id)
    response.status_code = 201 if new else 200
    return _answer(response, held or row)


@router.patch(PLACE, operation_id="patch_participant", responses=responses(404, 412))
def change(
    participant_id: AskedId,
    profile: Profile,
    response: Response,
    service: CurrentService,
    principal: Portal,
    if_match: IfMatch = None,
) -> StoredParticipant:
    """Change what is sent of a profile, and nothing else of it; null empties a field, a list is sent whole."""
    service.require_own(principal, participant_id)
    row = _to_row(service, profile, participant_id)
    sent = {_COLUMNS.get(name, name) for name in profile.model_fields_set}
    with service.store.writing() as connection:
        before = participants.read(connection, participant_id, lock=True)
        if before is None:
            raise unknown_participant(participant_id)
        _require_match(before, if_match)
        changed = before | {name: value for name, value in row.items() if name in sent}
        _put(connection, service, principal, changed)
    return _answer(response, changed)


@router.get(PLACE, operation_id="participant", responses=responses(404))
def read(
    participant_id: AskedId, response: Response, service: CurrentService, principal: Portal
) -> StoredParticipant:
    """Return a participant's profile."""
    service.require_own(principal, participant_id)
    with service.store.writing() as connection:
        row = participants.read(connection, participant_id)
        if row is None:
            raise unknown_participant(participant_id)
        record(connection, [service.entry(principal, "read", participant_id)])
    return _answer(response, row)


@router.delete(PLACE, operation_id="forget", responses=responses(404))
def forget(
    participant_id: AskedId, service: CurrentService, handler: CurrentHandler, principal: Portal
) -> Erasure:
    """Erase a participant: profile, events and all rows made from them; the next bundle leaves them out."""
    service.require_own(principal, participant_id)
    store = service.store
    with store.writing() as connection:
        proof = erase(connection, participant_id, store.pseudonym(participant_id))
        if proof is None:
            raise unknown_participant(participant_id)
        record(connection, [service.entry(principal, "erase", participant_id, proof.counts)])
    handler.participants.forget(participant_id)
    append_to_lists(store, proof.subject)
    service.log_truncation.truncate()
    return Erasure(**vars(proof))


@router.put(f"{PLACE}/profiling", operation_id="object_to_profiling", responses=responses(404))
def profiling(
    participant_id: AskedId,
    objection: Objection,
    service: CurrentService,
    handler: CurrentHandler,
    principal: Portal,
) -> Objection:
    """Note whether a participant objects to profiling; from then on their list is the neutral one."""
    service.require_own(principal, participant_id)
    with service.store.writing() as connection:
        if not participants.set_objection(connection, participant_id, objection.opt_out):
            raise unknown_participant(participant_id)
        decision = objection.model_dump()
        record(connection, [service.entry(principal, "object", participant_id, decision)])
    handler.participants.forget(participant_id)
    return objection


@router.get(f"{PLACE}/export", operation_id="export", responses=responses(404))
def export(participant_id: AskedId, service: CurrentService, principal: Portal) -> Export:
    """Return everything that is held of a participant."""
    service.require_own(principal, participant_id)
    subject = service.store.pseudonym(participant_id)
    with service.store.writing() as connection:
        row = participants.read(connection, participant_id)
        events = participants.read_events(connection, participant_id)
        seats = allocations.read_seats(connection, participant_id)
        if row is None and not (events or seats):
            raise unknown_participant(participant_id)
        record(connection, [service.entry(principal, "export", participant_id)])
        entries = audit.read_entries(connection, subject)
    held = row and _to_held(row)
    return Export(participant=held, events=events, allocations=seats, audit=entries)


def _to_row(service: Service, profile: Profile, participant_id: str) -> dict[str, Any]:
    try:
        return to_row(profile, participant_id, service.bundle.engine.reader.vocabularies.regions)
    except ProfileError as error:
        raise invalid_field(error.field, str(error)) from error


def _put(
    connection: Connection, service: Service, principal: Principal, row: dict[str, Any]
) -> bool:
    """Write a profile, and that it was written; return whether the participant is new."""
    participant_id = row["participant_id"]
    try:
        new = participants.put(connection, row, service.store.pseudonym)
    except participants.ErasedError as error:
        service.refuse(principal, participant_id, {"status": 410})
        raise ProblemError(ERASED, str(error)) from error
    record(connection, [service.entry(principal, "write", participant_id)])
    return new


def _require_match(row: dict[str, Any] | None, if_match: str | None) -> None:
    if if_match is not None and not matches(_held(row), if_match):
        raise ProblemError(CHANGED, "the profile was changed meanwhile; read it again")


def _answer(response: Response, row: dict[str, Any]) -> StoredParticipant:
    held = _to_held(row)
    response.headers["ETag"] = make_etag(held)
    return held


def _held(row: dict[str, Any] | None) -> StoredParticipant | None:
    return None if row is None else _to_held(row)


def _to_held(row: dict[str, Any]) -> StoredParticipant:
    return StoredParticipant(**{_FIELDS.get(name, name): value for name, value in row.items()})
