"""Whether the service runs and can answer: from what is known already, so that neither ever waits."""

from __future__ import annotations

from fastapi import APIRouter

from api.schemas.health import Liveness, Readiness
from api.service import CurrentService

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="live")
async def live() -> Liveness:
    """Say that the process runs."""
    return Liveness()


@router.get("/readyz", operation_id="ready")
async def ready(service: CurrentService) -> Readiness:
    """Say with which bundle the service answers, and whether the store did in the last second.

    Without the store it still recommends, so it stays ready: taking every process out of service for an
    outage of the store would turn degraded answers into none.
    """
    bundle = service.bundle
    up = service.store.is_up() and not service.audit_writer.failing
    return Readiness(
        bundle_version=bundle.manifest.version,
        courses=len(bundle.engine.catalogue),
        store="up" if up else "down",
    )
