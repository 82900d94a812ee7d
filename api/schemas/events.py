"""Events as portals send them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt

from training_data.columns import EVENT_KINDS, MAX_POSITION, OWN_EVENT
from training_data.profiles import WHOLE, Identifier, Moment, ParticipantId

MAX_EVENTS = 1_000


def _not_our_own(event_id: str) -> str:
    if event_id.startswith(OWN_EVENT):
        raise ValueError(f"ids that begin with {OWN_EVENT!r} are the service's own")
    return event_id


class Event(BaseModel):
    """One thing that a participant did or was shown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "event_id": "0198-7c41",
                "participant_id": "sim-0000001",
                "course_id": "penjualan-004",
                "kind": "click",
                "at": "2026-02-24T09:30:00+07:00",
                "request_id": "6fd1a0a4-3f0e-4a4c-9a57-0e4d3c9d1b11",
                "position": 1,
            }
        },
    )

    event_id: Annotated[Identifier, AfterValidator(_not_our_own)]
    participant_id: ParticipantId
    course_id: Identifier
    kind: Literal[EVENT_KINDS]  # type: ignore[valid-type]
    at: Moment
    value: Annotated[StrictFloat, Field(allow_inf_nan=False)] | None = Field(
        None, description="stars for rate, share done for complete, price for purchase"
    )
    request_id: Identifier | None = None
    position: Annotated[StrictInt, Field(ge=1, le=MAX_POSITION), WHOLE] | None = None
    propensity: Annotated[StrictFloat, Field(gt=0, le=1)] | None = None
    bundle_version: Identifier | None = None


class EventBatch(BaseModel):
    """Events that are taken together or not at all."""

    model_config = ConfigDict(extra="forbid")

    events: Annotated[list[Event], Field(min_length=1, max_length=MAX_EVENTS)]


class EventsAccepted(BaseModel):
    """The batch is in the store and will be there after any crash."""

    accepted: int = Field(description="events that are new")
    repeated: int = Field(description="events that were there with the same content")
