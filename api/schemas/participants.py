"""Participants as they are written, read and taken out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.problems import Problem
from training_data.profiles import ParticipantId, Profile

PROFILE: dict[str, Any] = Profile.model_config["json_schema_extra"]["example"]  # type: ignore[index,assignment]


class StoredParticipant(Profile):
    """A participant as the store holds them; ``region`` is the code."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": PROFILE
            | {"participant_id": "p-1", "region": "53.71", "profiling_opt_out": False}
        }
    )

    participant_id: str
    profiling_opt_out: bool


class ParticipantLine(Profile):
    """A line of many: whose profile it is, and the profile."""

    model_config = ConfigDict(json_schema_extra={"example": PROFILE | {"participant_id": "p-1"}})

    participant_id: ParticipantId


class ParticipantWritten(BaseModel):
    """What became of a line."""

    participant_id: str | None = Field(description="null where the line names nobody")
    status: int = Field(description="that of a call of its own", examples=[201])
    problem: Problem | None


class ParticipantsWritten(BaseModel):
    """What became of each line, in their order."""

    answers: list[ParticipantWritten]


class Objection(BaseModel):
    """Whether a participant objects to profiling."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"opt_out": True}})

    opt_out: StrictBool = Field(
        description="true: lists are made from the catalogue and the rules alone, for everybody alike"
    )


class Erasure(BaseModel):
    """Proof that somebody was erased."""

    subject: str = Field(description="salted hash of the id; the id itself is kept nowhere")
    at: dt.datetime
    counts: dict[str, int] = Field(examples=[{"participants": 1, "events": 12}])


class Export(BaseModel):
    """Everything that is held of a participant."""

    participant: StoredParticipant | None
    events: list[dict[str, Any]]
    allocations: list[dict[str, Any]] = Field(
        description="places in allocations of seats, and what came of them"
    )
    audit: list[dict[str, Any]] = Field(
        description="who did what with the data, and what was decided"
    )
