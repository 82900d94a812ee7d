"""Seats for many people: what an officer asks for, how far it is, and who sits where."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt
from pydantic.config import JsonDict

from recommender.matching.settings import AllocateSettings
from training_data.profiles import WHOLE, Identifier, ParticipantId

MAX_PEOPLE = 100_000
MAX_CLASSES = 20_000
OF_A_SERVICE: JsonDict = {  # lists of choices are the command's alone
    "properties": {
        "objective": {"enum": ["fit", "people"]},
        "max_classes": {"maximum": 1},
        "reserved_group": {"type": "null"},
        "reserved_share": {"const": 0},
    }
}


class ClassSeats(BaseModel):
    """A class of the catalogue, and the seats to be given in it."""

    model_config = ConfigDict(extra="forbid")

    class_id: Identifier
    seats: Annotated[StrictInt, Field(ge=0, le=1_000_000), WHOLE]


class SeatDecision(BaseModel):
    """What was decided before about a person and a class."""

    model_config = ConfigDict(extra="forbid")

    participant_id: ParticipantId
    class_id: Identifier


Decisions = Annotated[list[SeatDecision], Field(max_length=MAX_PEOPLE)]


class AllocationRequest(BaseModel):
    """Who asks for which seats, and how they are given: as `padan allocate` does."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"settings": {"objective": "people"}}}
    )

    participant_ids: (
        Annotated[list[ParticipantId], Field(min_length=1, max_length=MAX_PEOPLE)] | None
    ) = Field(None, description="who takes part; left out: everybody whom the service holds")
    classes: Annotated[list[ClassSeats], Field(min_length=1, max_length=MAX_CLASSES)] | None = (
        Field(None, description="left out: all of the catalogue, with the seats that are left")
    )
    accepted: Decisions = Field([], description="seats that are kept, one a person")
    offered: Decisions = Field([], description="places that may be moved at a price, one a person")
    refused: Decisions = Field([], description="what is not offered to somebody again")
    settings: AllocateSettings = Field(AllocateSettings(), json_schema_extra=OF_A_SERVICE)


class AllocationLottery(BaseModel):
    """What is promised of the lottery before, and its seed afterwards."""

    seed_sha256: str
    entrants: int | None = Field(description="null until everybody is written down")
    entrants_sha256: str | None = Field(description="of the sorted ids")
    seed: str | None = Field(description="null until it has ended")


class AllocationSummary(BaseModel):
    """What came of it as a whole."""

    participants: int
    served: int
    most_people: int = Field(description="no way of giving these seats serves more")
    seats: int
    fit: float = Field(description="of all who have a seat, together")
    value: float = Field(description="by the objective")
    bound: float = Field(description="no way is worth more by the objective")
    gap: float = Field(description="share of the bound that is missing, at most")
    finished: bool = Field(description="false: it was stopped before, and this is the best so far")
    status: dict[str, int] = Field(description="how many have a new seat, keep theirs, are moved")
    unserved: dict[str, int] = Field(description="how many have none, by the reason")


class AllocationBound(BaseModel):
    """A floor or ceiling of the settings, and what came of it."""

    name: str
    floor: int
    ceiling: int | None
    seated: int
    price: float = Field(description="fit that the last person of it costs all others")


class AllocationClass(BaseModel):
    """A class, who sits there, and what one seat more would give."""

    class_id: str
    seats: int
    taken: int
    price: float = Field(description="in fit")
    wished: int = Field(description="people whom it fits best")


class AllocationHead(BaseModel):
    """A job in the list of jobs."""

    allocation_id: str
    created_at: dt.datetime
    status: Literal["waiting", "running", "finished", "cancelled", "failed"]


class AllocationList(BaseModel):
    """The newest jobs, the very newest first."""

    items: list[AllocationHead]


class Allocation(AllocationHead):
    """A job: how far it is, and what came of it."""

    day: dt.date = Field(description="whose rules and dates count")
    bundle_version: str
    stage: str | None = Field(description="people, pairs, floors, seats or rows")
    share: float = Field(description="of the stage that is done")
    lottery: AllocationLottery
    summary: AllocationSummary | None
    bounds: list[AllocationBound]
    classes: list[AllocationClass]
    problem: str | None = Field(description="why it failed")


class AllocationPerson(BaseModel):
    """Where a person sits; or why not, and the class that is nearest to their reach."""

    participant_id: str
    class_id: str | None
    fit: float | None
    status: str | None = Field(description="new, stayed, moved or kept; null without a seat")
    reason: str | None = Field(description="nothing_eligible, price or ceiling")
    nearest_class_id: str | None
    missing: float | None = Field(description="by how much its price is beyond the fit")
    tier: int
    lot: int = Field(description="place in the lottery, from 1")


class AllocationPeople(BaseModel):
    """People of a job in the order of the lottery; none before it has ended."""

    total: int
    offset: int
    items: list[AllocationPerson]
