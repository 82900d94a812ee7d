"""Events."""

from __future__ import annotations

from fastapi import APIRouter

from api.schemas.events import EventBatch, EventsAccepted
from api.security.principal import Portal
from api.service import CurrentService, invalid_field
from store import events
from store.audit import Entry, record

router = APIRouter(tags=["events"])


@router.post("/v1/events", status_code=202)
def add(batch: EventBatch, service: CurrentService, principal: Portal) -> EventsAccepted:
    """Take a batch of events, whole or not at all.

    An event that is sent again is accepted again and kept once, so a batch whose answer was lost can
    simply be repeated. After the answer the events survive any crash.
    """
    for event in batch.events:
        principal.require_own(event.participant_id)
    with service.store.writing() as connection:
        try:
            rows = [event.model_dump() for event in batch.events]
            added = events.add(connection, rows, service.store.pseudonym)
        except events.EventRefusedError as error:
            raise invalid_field(f"events.{error.index}.{error.field}", str(error)) from error
        record(connection, [Entry(principal.name, "events", decision=vars(added))])
    return EventsAccepted(**vars(added))
