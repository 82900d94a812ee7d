"""What officers ask."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt


class AudienceRequest(BaseModel):
    """How many participants a training should be offered to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"k": 100}})

    k: Annotated[StrictInt, Field(ge=1, le=500)] = 100


class Reached(BaseModel):
    """A participant whom a training fits."""

    participant_id: str
    similarity: float = Field(description="cosine of the profile's and the training's vectors")


class AudienceResponse(BaseModel):
    """Participants who may take a training and whom it fits, the best first.

    Those who object to profiling are not among them.
    """

    course_id: str
    bundle_version: str
    items: list[Reached]


class ModelCard(BaseModel):
    """What the service answers with."""

    version: str
    created_on: str
    programme: str
    regions: str
    encoder: str
    data: str = Field(description="fingerprint of the dataset it was trained on")
    newest_event: dt.datetime | None = Field(description="newest event of that dataset, UTC")
    simulated: bool = Field(description="whether participants and events were simulated")
    metrics: dict[str, float]
    languages: list[str]
    sources: list[str] = Field(description="behaviour models beside the texts")
