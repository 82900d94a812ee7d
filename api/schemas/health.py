"""Health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Liveness(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Readiness(Liveness):
    """The service can answer."""

    bundle_version: str
    courses: int
    store: Literal["up", "down"]
