"""Eligibility and plans as they are asked for and given."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StrictInt

from api.schemas.recommendations import ParticipantRequest
from recommender.responses.eligibility import EligibilityDecisions
from recommender.responses.plans import PlannedTrainings
from recommender.settings import CourseFilters
from training_data.profiles import WHOLE, Identifier, Participant

EXAMPLE = Participant.model_config["json_schema_extra"]["example"]  # type: ignore[index]


class EligibilityRequest(ParticipantRequest):
    """Trainings of which it is asked whether this participant may take them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"participant": EXAMPLE, "course_ids": ["penjualan-004"], "language": "id"}
        },
    )

    course_ids: Annotated[list[Identifier], Field(min_length=1, max_length=100)]


class EligibilityResponse(EligibilityDecisions):
    """A decision on each training that was asked about."""

    request_id: str
    bundle_version: str


class PlanRequest(ParticipantRequest):
    """The best trainings that can be taken one after the other within the balance."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"participant": EXAMPLE, "max_courses": 4}},
    )

    max_courses: Annotated[StrictInt, Field(ge=1, le=20), WHOLE] = Field(
        3, description="longest plan wanted"
    )
    filters: CourseFilters = CourseFilters()
    neutral: StrictBool = Field(
        False, description="use no personal data beyond what eligibility needs"
    )


class PlanResponse(PlannedTrainings):
    """Trainings to take one after the other, and when."""

    request_id: str
    bundle_version: str
    participant_id: str | None
