"""Settings of the service, each from an environment variable ``PADAN_...``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What operators may set."""

    model_config = SettingsConfigDict(env_prefix="PADAN_", frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="least that is logged; at INFO each request is a line"
    )
    jwks: str | None = Field(
        None, description="file or URL of the key set that signs tokens; none: API keys alone"
    )
    jwt_audience: str = Field("padan", description="what the tokens' aud must name")
    jwt_issuer: str | None = Field(None, description="what the tokens' iss must be; none: any")
    body_bytes: int = Field(2_000_000, ge=1_000, description="largest body of a request")
    requests_per_minute: int = Field(120_000, ge=1, description="of one client")
    failures_per_minute: int = Field(60, ge=1, description="wrong credentials of one address")
    deadline_seconds: float = Field(
        1.0, gt=0, le=60, description="a request for a list that takes longer is sent away"
    )
    store_seconds: float = Field(
        0.3, gt=0, le=60, description="so long a request for a list waits for the store"
    )
    most_together: int = Field(
        20, ge=1, le=1_000, description="lists that are made in one call of the engine"
    )
    simple_from: int = Field(
        128, ge=1, description="with more requests waiting than this, lists are simple ones"
    )
    most_waiting: int = Field(384, ge=1, description="requests that wait; more are sent away")
    relevance_weight: float = Field(
        0.95, ge=0, le=1, description="1: lists by relevance alone; smaller: more diverse ones"
    )
    calibration_weight: float = Field(
        0.0, ge=0, description="how much a list's topics follow the person's own; 0: not"
    )
    provider_cap: int | None = Field(
        None, ge=1, description="most trainings of one provider in a list; none: any number"
    )
    small_provider_places: int = Field(
        0, ge=0, description="least trainings of small providers in a list, where some are relevant"
    )
    exploration_share: float = Field(
        0.0, ge=0, le=1, description="of lists whose last places are left to chance"
    )
    exploration_places: int = Field(2, ge=1, description="places at the end of such a list")
    exploration_pool: int = Field(
        8, ge=1, description="trainings after the list's end that may come into it"
    )
    people_kept: int = Field(5_000, ge=0, description="participants kept in memory")
    participant_days: int = Field(
        1_825, ge=1, description="participants of whom nothing was heard are kept so long"
    )
    event_days: int = Field(1_825, ge=1, description="events and shown lists are kept so long")
    audit_days: int = Field(1_825, ge=365, description="entries of the audit are kept so long")
