"""Whether the service runs and can answer."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError

from api.schemas.health import Liveness, Readiness
from api.service import CurrentService
from store.database import Store

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="live")
def live() -> Liveness:
    """Say that the process runs."""
    return Liveness()


@router.get("/readyz", operation_id="ready")
def ready(service: CurrentService) -> Readiness:
    """Say with which bundle the service answers, and whether the store does.

    Without the store it still recommends, so it stays ready: taking every process out of service for an
    outage of the store would turn degraded answers into none.
    """
    bundle = service.bundle
    return Readiness(
        bundle_version=bundle.manifest.version,
        courses=len(bundle.engine.catalogue),
        store="up" if _answers(service.store) else "down",
    )


def _answers(store: Store) -> bool:
    try:
        with store.reading() as connection:
            connection.execute(sa.select(1))
    except SQLAlchemyError:
        return False
    return True
