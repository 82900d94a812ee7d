"""What training is told: sources, rankers and how far back to look; every key has a default."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from models.ranking.cutoffs import Horizon
from recommender.ranking.rankers import FIXED_SHARE
from recommender.retrieval.sources import BEHAVIOUR, Source
from training_data.toml_files import load_model

Kind = Literal["curves", "small trees", "large trees"]


class TrainSettingsError(ValueError):
    """A file of training settings that cannot be used; the message names the file and the key."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class BacktestSettings(_Section):
    """How far back the ranker looks for choices to learn from, where the events are real."""

    cutoffs: int = Field(
        8,
        ge=1,
        description='most moments of the past to learn from; with "next", parts of the participants',
    )
    window: float = Field(
        0.1, gt=0, lt=1, description='with "time": share of the past that is the future of each'
    )
    depth: int = Field(
        3,
        ge=1,
        description='with "next": most last trainings of each participant to learn from; fewer where they '
        "would be over a tenth of all events",
    )
    participants: int = Field(
        8_000, ge=1, description="participants to learn from, of all moments together"
    )


class RankerSettings(_Section):
    """Which rankers are tried; the best on participants of the latest moment is kept."""

    kinds: tuple[Kind, ...] = Field(
        ("curves", "small trees", "large trees"), min_length=1, description="rankers to try"
    )
    fixed_shares: tuple[float, ...] = Field(
        (0.0, 0.2, 0.4),
        min_length=1,
        description="shares of the counsellor's weights to try beside trees; the last one holds for curves",
    )
    newcomer_share: float = Field(
        FIXED_SHARE,
        ge=0,
        le=1,
        description="share of the counsellor's weights beside trees for people without a history, and for all "
        "where there is too little to choose by",
    )
    latency_budget_ms: float = Field(
        50.0,
        gt=0,
        description="a ranker that needs longer for the candidates of one participant is not chosen; "
        "curves always may be",
    )


class TrainSettings(_Section):
    """Sources, rankers and how far back to look."""

    horizon: Horizon = Field(
        "time",
        description="what the ranker learns to foretell: all that comes after a moment (time), or the next course "
        "of each participant (next)",
    )
    backtest: BacktestSettings = BacktestSettings()
    ranker: RankerSettings = RankerSettings()
    sources: dict[Source, dict[str, Any]] = Field(
        {}, description="for each source when it is used, and the parameters of its model"
    )

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, sources: dict[Source, dict[str, Any]]) -> dict[Source, dict[str, Any]]:
        """Hold each source to its own keys, and fill in the defaults."""
        for source in sources:
            if source not in BEHAVIOUR:
                raise ValueError(
                    f"{source} has nothing to set; the sources with keys are {', '.join(BEHAVIOUR)}"
                )
        return {source: _complete(source, sources.get(source, {})) for source in BEHAVIOUR}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file; a key that is left out keeps its default.

        Raises
        ------
        TrainSettingsError
            If it is not there, is no TOML, or a key is unknown or out of range.
        """
        return load_model(cls, path, TrainSettingsError, "`padan config train` prints every key")


def _complete(source: Source, keys: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a source, those that are left out with their defaults."""
    try:
        return BEHAVIOUR[source].settings.model_validate(keys).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{source}.{first['loc'][0]}: {first['msg']}") from None
