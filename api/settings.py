"""Settings of the service; how a file and the environment set them is in `training_data.settings`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from api.addresses import TrustedProxies
from recommender.settings import Crowding, Exploration, SlateSettings
from training_data.settings import FileSettings

DEFAULT = SlateSettings()


class ServiceSettings(FileSettings):
    """Who may ask, how much at once, and how slates are made."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="lowest level that is logged; at INFO each request is a line"
    )
    jwks: str | None = Field(
        None, description="file or URL of the key set that signs tokens; left out: API keys alone"
    )
    jwt_audience: str = Field("padan", description="what the tokens' aud must name")
    jwt_issuer: str | None = Field(None, description="what the tokens' iss must be; left out: any")
    max_body_bytes: int = Field(2_000_000, ge=1_000, description="largest body of a request")
    max_requests_per_minute: int = Field(
        120_000,
        ge=1,
        description="requests of one client, each list of a batch counted, in one process",
    )
    trusted_proxies: str = Field(
        "",
        description="proxies whose X-Forwarded-For is believed: addresses and networks, with commas "
        "between them",
    )
    max_connections_per_address: int = Field(
        1_000, ge=1, description="connections of one client or proxy, in one process"
    )
    max_failures_per_minute: int = Field(
        60, ge=1, description="wrong credentials of one address, in one process"
    )
    deadline_seconds: float = Field(
        1.0, gt=0, le=60, description="a request for a list that takes longer is answered with 503"
    )
    store_timeout_seconds: float = Field(
        0.3, gt=0, le=60, description="how long a request for a list waits for the store"
    )
    max_batch_size: int = Field(
        20, ge=1, le=1_000, description="lists that are made in one call of the engine"
    )
    degrade_queue_length: int = Field(
        128, ge=1, description="with more requests waiting than this, lists are fallback lists"
    )
    max_queue_length: int = Field(
        384, ge=1, description="requests that may wait; others are answered with 503"
    )
    participant_cache_size: int = Field(5_000, ge=1, description="participants kept in memory")
    relevance_weight: float = Field(
        DEFAULT.relevance_weight,
        ge=0,
        le=1,
        description="1: lists by relevance alone; smaller: more diverse ones",
    )
    calibration_weight: float = Field(
        DEFAULT.calibration_weight,
        ge=0,
        description="how much a list's topics follow the person's own; 0: not",
    )
    provider_cap: int | None = Field(
        DEFAULT.provider_cap,
        ge=1,
        description="most trainings of one provider in a list; left out: any number",
    )
    small_provider_places: int = Field(
        DEFAULT.small_provider_places,
        ge=0,
        description="least trainings of small providers in a list, where some are relevant",
    )
    crowding_weight: float = Field(
        DEFAULT.crowding_weight,
        ge=0,
        le=1,
        description="how much lower lists have what is crowded by the last allocation; 0: not",
    )
    crowding: Crowding = Field(
        DEFAULT.crowding,
        description="price: of a seat; chance: of a seat, times what it is worth to the person",
    )
    exploration_share: float = Field(
        0.0, ge=0, le=1, description="share of lists whose last places are left to chance"
    )
    exploration_places: int = Field(
        Exploration().places, ge=1, description="places at the end of such a list"
    )
    exploration_pool: int = Field(
        Exploration().pool, ge=1, description="trainings after the list's end that may come into it"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _names_networks(cls, value: str) -> str:
        TrustedProxies(value)
        return value

    def slate_settings(self, k: int) -> SlateSettings:
        """Return how slates of k trainings are made."""
        exploration = Exploration(
            self.exploration_share, self.exploration_places, self.exploration_pool
        )
        return SlateSettings(
            k=k,
            relevance_weight=self.relevance_weight,
            calibration_weight=self.calibration_weight,
            provider_cap=self.provider_cap,
            small_provider_places=self.small_provider_places,
            exploration=exploration if exploration.share else None,
            crowding_weight=self.crowding_weight,
            crowding=self.crowding,
        )
