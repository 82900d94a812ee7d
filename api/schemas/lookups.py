"""Lists to choose from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LookupQuery(BaseModel):
    """What was typed so far, and how much is wanted."""

    model_config = ConfigDict(extra="forbid")

    search: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="the beginning of a name, or of words in it; left out: all"
    )
    limit: Annotated[int, Field(ge=1, le=10_000)] = 20


class LookupItem(BaseModel):
    """What may be chosen."""

    code: str = Field(description="what a profile or filter takes", examples=["53.71"])
    name: str = Field(examples=["Kota Kupang"])
    group: str | None = Field(
        description="of a region the province, of skills and occupations the topic",
        examples=["Nusa Tenggara Timur"],
    )


class LookupList(BaseModel):
    """What may be chosen: names that begin with what was typed, then those that hold its words."""

    total: int = Field(description="of all that match")
    items: list[LookupItem]
