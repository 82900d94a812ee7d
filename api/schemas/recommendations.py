"""Recommendations as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic_core import CoreSchema

from api.problems import Problem
from recommender.responses.recommendations import RecommendationList
from recommender.settings import MAX_K, CourseFilters
from training_data.profiles import WHOLE, Identifier, Participant

Cause = Literal["overload", "store", "fault"]
NO_FILTERS = CourseFilters()


class ParticipantRequest(BaseModel):
    """A participant, by id or described, and the language of the answer."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema, which says that it is either the one or the other."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        given = [
            {"required": [name], "properties": {name: {"type": kind}}}
            for name, kind in (("participant_id", "string"), ("participant", "object"))
        ]
        # not as oneOf: generators of clients then make two classes that lack all other fields
        schema["not"] = {"anyOf": [{"allOf": given}, {"not": {"anyOf": given}}]}
        return schema

    participant_id: Identifier | None = None
    participant: Participant | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = Field(
        None, description="one of the programme's languages; left out: its first"
    )

    @model_validator(mode="after")
    def _one_participant(self) -> Self:
        if (self.participant_id is None) == (self.participant is None):
            raise ValueError("give either participant_id or participant")
        return self


class RecommendationRequest(ParticipantRequest):
    """A participant, by id or described, and how the list is wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"participant": Participant.model_config["json_schema_extra"]["example"], "k": 10},  # type: ignore[index]
                {"participant_id": "sim-0000001", "k": 5, "language": "en"},
            ]
        },
    )

    k: Annotated[StrictInt, Field(ge=1, le=MAX_K), WHOLE] = 10
    filters: CourseFilters = Field(default_factory=lambda: NO_FILTERS)
    neutral: StrictBool = Field(
        False, description="use no personal data beyond what eligibility needs"
    )


class RecommendationResponse(RecommendationList):
    """A list, and all that is needed to explain and replay it."""

    request_id: str
    bundle_version: str
    degraded: Annotated[
        bool,
        Field(description="whether the list is a fallback, or made without asking the store"),
    ]
    cause: Annotated[
        Cause | None,
        Field(
            description="of a degraded answer: too many requests at once, the store does not answer, "
            "or a fault that was logged"
        ),
    ]


class BatchRequest(BaseModel):
    """Requests for many participants."""

    model_config = ConfigDict(extra="forbid")

    requests: Annotated[list[RecommendationRequest], Field(min_length=1, max_length=1000)]


class BatchAnswer(BaseModel):
    """The answer to one of them; where there is none, why."""

    answer: RecommendationResponse | None
    problem: Problem | None


class BatchResponse(BaseModel):
    """The answers, in the order of the requests."""

    answers: list[BatchAnswer]
