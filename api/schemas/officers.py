"""What officers ask."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from training_data.profiles import WHOLE


class AudienceRequest(BaseModel):
    """How many participants a training should be offered to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"k": 100}})

    k: Annotated[StrictInt, Field(ge=1, le=500), WHOLE] = 100


class AudienceMember(BaseModel):
    """A participant whom a training fits."""

    participant_id: str
    similarity: float = Field(description="cosine of the profile's and the training's vectors")


class AudienceResponse(BaseModel):
    """Participants who may take a training and whom it fits, the best first.

    Those who object to profiling are not among them.
    """

    course_id: str
    bundle_version: str
    items: list[AudienceMember]


class RefusedBundle(BaseModel):
    """A promoted bundle that the service does not answer with."""

    version: str
    reason: str
    at: dt.datetime


class CandidateBundle(BaseModel):
    """The bundle that a share of the participants gets."""

    version: str
    share: float


class ShadowBundle(BaseModel):
    """The bundle that answers unseen, and how its lists compare with those that were given."""

    version: str
    compared: int
    same: int
    dropped: int = Field(description="lists that there was no time to compare")
    failed: int
    overlap: float | None = Field(description="mean share of trainings that are in both lists")
    rank_biased_overlap: float | None = Field(description="mean; the top of the lists counts most")


class Operations(BaseModel):
    """What goes on beside the bundle that answers, in the process that was asked."""

    refused: RefusedBundle | None
    candidate: CandidateBundle | None
    shadow: ShadowBundle | None


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
    operations: Operations | None = Field(description="for the scope admin; null for others")
