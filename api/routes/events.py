"""Events."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter

from api.schemas.events import EventBatch, EventsAccepted
from api.security.principal import Portal
from api.service import CurrentService, invalid_field
from store import events
from store.audit import record

router = APIRouter(tags=["events"])


@router.post("/v1/events", operation_id="send", status_code=202)
def add(batch: EventBatch, service: CurrentService, principal: Portal) -> EventsAccepted:
    """Take a batch of events, whole or not at all.

    An event that is sent again is accepted again and kept once, so a batch whose answer was lost can
    simply be repeated. After the answer the events survive any crash.
    """
    counts = Counter(event.participant_id for event in batch.events)
    for participant_id in counts:
        service.require_own(principal, participant_id)
    with service.store.writing() as connection:
        try:
            rows = [event.model_dump() for event in batch.events]
            added = events.add(connection, rows, service.store.pseudonym)
        except events.EventRefusedError as error:
            whose = batch.events[error.index].participant_id
            service.refuse(principal, whose, {"status": 422, "field": error.field})
            raise invalid_field(f"events.{error.index}.{error.field}", str(error)) from error
        entries = [
            service.entry(principal, "events", participant_id, {"sent": count})
            for participant_id, count in counts.items()
        ]
        record(connection, entries)
    return EventsAccepted(**vars(added))
