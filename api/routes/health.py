"""Whether the service runs and can answer."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter

from api.problems import responses
from api.schemas.health import Live, Ready
from api.service import CurrentService

router = APIRouter(tags=["health"])


@router.get("/healthz")
def live() -> Live:
    """Say that the process runs."""
    return Live()


@router.get("/readyz", responses=responses(503))
def ready(service: CurrentService) -> Ready:
    """Say with which bundle the service answers; a problem where the store does not answer."""
    with service.store.reading() as connection:
        connection.execute(sa.select(1))
    bundle = service.bundle
    return Ready(bundle_version=bundle.manifest.version, courses=len(bundle.engine.catalogue))
