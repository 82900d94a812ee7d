"""Trainings as they are listed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from training_data.columns import LEVELS, MAX_PRICE, MODES

Text = Annotated[str, Field(max_length=200)]


class CourseQuery(BaseModel):
    """Which trainings are listed, and in which order."""

    model_config = ConfigDict(extra="forbid")

    search: Text | None = Field(
        None, description="words that stand in title or description, or parts of such"
    )
    category: Text | None = None
    provider_id: Text | None = None
    region_code: Text | None = None
    language: Text | None = None
    mode: Literal[MODES] | None = None  # type: ignore[valid-type]
    level: Literal[LEVELS] | None = None  # type: ignore[valid-type]
    max_price_idr: Annotated[int, Field(ge=0, le=MAX_PRICE)] | None = None
    sort: Literal[
        "course_id", "title", "price_idr", "-price_idr", "duration_hours", "-duration_hours"
    ] = Field("course_id", description="`-`: the most first")
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class CourseSummary(BaseModel):
    """A training in a list."""

    course_id: str
    title: str
    provider_id: str
    category: str | None
    mode: str
    level: str | None
    region_code: str | None
    price_idr: int
    duration_hours: float | None


class CourseList(BaseModel):
    """A page of trainings."""

    total: int = Field(description="trainings that the filters leave")
    offset: int
    items: list[CourseSummary]


class SimilarCourse(BaseModel):
    """A training like another."""

    course_id: str
    title: str
    similarity: float = Field(description="cosine of the texts' vectors")


class SimilarResponse(BaseModel):
    """Trainings like one."""

    course_id: str
    items: list[SimilarCourse]
