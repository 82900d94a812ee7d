"""Eligibility and plans as they are asked for and given."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api.schemas.recommendations import AboutOne, AskedFor, Item
from training_data.profiles import Identifier, Profile

EXAMPLE = Profile.model_config["json_schema_extra"]["example"]  # type: ignore[index]


class EligibilityRequest(AboutOne):
    """Trainings of which it is asked whether this participant may take them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"participant": EXAMPLE, "course_ids": ["penjualan-004"], "language": "id"}
        },
    )

    course_ids: Annotated[list[Identifier], Field(min_length=1, max_length=100)]


class Change(BaseModel):
    """What would make a training possible."""

    code: str
    text: str
    evidence: dict[str, Any]


class WhyNot(Change):
    """Why a training is not possible."""

    possible: Change | None = Field(description="what would change it; null: nothing")


class Verdict(BaseModel):
    """Whether a training is possible, every reason why not, and what would change it."""

    course_id: str
    title: str
    eligible: bool
    can_become_eligible: bool
    reasons: list[WhyNot]


class EligibilityResponse(BaseModel):
    """A verdict on each training that was asked about."""

    request_id: str
    bundle_version: str
    programme: str
    day: dt.date
    participant_id: str | None
    courses: list[Verdict]


class PlanRequest(AboutOne):
    """The trainings that are worth most together within the balance."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"participant": EXAMPLE, "most": 4}}
    )

    most: Annotated[StrictInt, Field(ge=1, le=20)] = Field(10, description="longest plan wanted")
    filters: AskedFor = AskedFor()
    neutral: StrictBool = Field(
        False, description="use no personal data beyond what eligibility needs"
    )


class PlanResponse(BaseModel):
    """Trainings to take one after the other."""

    request_id: str
    bundle_version: str
    programme: str
    day: dt.date
    participant_id: str | None
    neutral: bool
    items: list[Item] = Field(description="in the order in which to take them")
    spent_idr: int = Field(examples=[1350000])
    left_idr: int | None = Field(description="null where the programme sets no balance")
