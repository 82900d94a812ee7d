"""Participants: their profile, their objection, their export, and their erasure."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from api.problems import ProblemError, responses
from api.routes.recommendations import CurrentHandler
from api.schemas.participants import Erasure, Export, Objection, StoredParticipant
from api.security.principal import Portal
from api.service import CurrentService, invalid_field, unknown_participant
from store import audit, participants
from store.audit import record
from store.erasure import erase
from store.erasure_lists import append_to_lists
from training_data.profiles import ParticipantId, Profile, ProfileError, to_row

AskedId = Annotated[ParticipantId, Path()]
PLACE = "/v1/participants/{participant_id}"

router = APIRouter(tags=["participants"])


@router.put(
    PLACE,
    operation_id="put_participant",
    responses=responses(410) | {201: {"model": StoredParticipant}},
)
def write(
    participant_id: AskedId,
    profile: Profile,
    response: Response,
    service: CurrentService,
    principal: Portal,
) -> StoredParticipant:
    """Register a participant, or replace the profile; whether they object to profiling stays as it was."""
    service.require_own(principal, participant_id)
    try:
        row = to_row(profile, participant_id, service.bundle.engine.reader.vocabularies.regions)
    except ProfileError as error:
        raise invalid_field(error.field, str(error)) from error
    with service.store.writing() as connection:
        try:
            new = participants.put(connection, row, service.store.pseudonym)
        except participants.ErasedError as error:
            service.refuse(principal, participant_id, {"status": 410})
            raise ProblemError(410, str(error)) from error
        record(connection, [service.entry(principal, "write", participant_id)])
        held = participants.read(connection, participant_id)
    response.status_code = 201 if new else 200
    return _to_held(held or row)


@router.get(PLACE, operation_id="participant", responses=responses(404))
def read(participant_id: AskedId, service: CurrentService, principal: Portal) -> StoredParticipant:
    """Return a participant's profile."""
    service.require_own(principal, participant_id)
    with service.store.writing() as connection:
        row = participants.read(connection, participant_id)
        if row is None:
            raise unknown_participant(participant_id)
        record(connection, [service.entry(principal, "read", participant_id)])
    return _to_held(row)


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
    store.truncate_log()
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
        if row is None and not events:
            raise unknown_participant(participant_id)
        record(connection, [service.entry(principal, "export", participant_id)])
        entries = audit.read_entries(connection, subject)
    return Export(participant=row and _to_held(row), events=events, audit=entries)


def _to_held(row: dict[str, Any]) -> StoredParticipant:
    return StoredParticipant(**{"region" if k == "region_code" else k: v for k, v in row.items()})
