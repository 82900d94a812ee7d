"""Trainings as they are listed."""

from __future__ import annotations

from pydantic import BaseModel, Field


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
    """A page of trainings in the order of their ids."""

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
