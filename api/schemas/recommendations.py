"""Recommendations as they are asked for and given."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from api.problems import Problem
from training_data.columns import MODES
from training_data.profiles import Identifier, Profile

Cause = Literal["overload", "store", "fault"]


class AskedFor(BaseModel):
    """What the participant narrows the list to; what is left out does not narrow it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modes: Annotated[tuple[Literal[MODES], ...], Field(max_length=4)] = ()  # type: ignore[valid-type]
    categories: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    max_price_idr: Annotated[StrictInt, Field(ge=0, le=10**12)] | None = None


ANY: Final = AskedFor()


class AboutOne(BaseModel):
    """A participant, by id or described, and the language of the answer."""

    participant_id: Identifier | None = None
    participant: Profile | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = Field(
        None, description="one of the programme's languages; left out: its first"
    )

    @model_validator(mode="after")
    def _one_participant(self) -> Self:
        if (self.participant_id is None) == (self.participant is None):
            raise ValueError("give either participant_id or participant")
        return self


class RecommendationRequest(AboutOne):
    """A participant, by id or described, and how the list is wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"participant": Profile.model_config["json_schema_extra"]["example"], "k": 10},  # type: ignore[index]
                {"participant_id": "sim-0000001", "k": 5, "language": "en"},
            ]
        },
    )

    k: Annotated[StrictInt, Field(ge=1, le=100)] = 10
    filters: AskedFor = Field(default_factory=lambda: ANY)
    neutral: StrictBool = Field(
        False, description="use no personal data beyond what eligibility needs"
    )


class ReasonGiven(BaseModel):
    """Why a training is in the list."""

    code: str = Field(examples=["close_to_wish"])
    text: str = Field(examples=["Dekat dengan yang Anda tulis: “jualan camilan lewat internet”."])
    evidence: dict[str, Any] = Field(examples=[{"phrase": "jualan camilan lewat internet"}])


class Item(BaseModel):
    """One recommended training."""

    rank: int = Field(ge=1, examples=[1])
    course_id: str = Field(examples=["penjualan-004"])
    title: str
    provider_id: str
    category: str | None
    mode: str = Field(examples=["webinar"])
    level: str | None
    price_idr: int = Field(examples=[350000])
    price_text: str = Field(examples=["Rp 350.000"])
    duration_hours: float | None
    region: str | None = Field(description="where the nearest open class is; null online")
    distance_km: float | None
    score: float
    propensity: float = Field(
        gt=0,
        le=1,
        description="probability with which it came to this place; 1 where nothing was left to chance",
    )
    reasons: list[ReasonGiven]


class RecommendationResponse(BaseModel):
    """A list, and all that is needed to explain and replay it."""

    request_id: str
    bundle_version: str
    programme: str = Field(examples=["prakerja@2024.1+8963ea8e513d"])
    day: dt.date
    participant_id: str | None
    neutral: bool
    degraded: bool = Field(
        description="whether the list is a simpler one, or made without asking the store"
    )
    cause: Cause | None = Field(
        description="of a degraded answer: too many requests at once, the store does not answer, "
        "or a fault that was logged"
    )
    items: list[Item]
    excluded: dict[str, int] = Field(
        description="where the list is short: how many trainings each rule leaves out",
        examples=[{"out_of_reach": 96, "balance_too_low": 3}],
    )


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
