"""The catalogue of problems."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str = Field(description="as problem documents name it")
    code: str
    status: int
    title: str
    meaning: str = Field(description="why it comes, and what to do")
    again: bool = Field(description="whether the same request may succeed later")


class ProblemCatalogue(BaseModel):
    """All kinds of problems."""

    items: list[ProblemKind]
