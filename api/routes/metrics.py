"""Figures for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.observability.metrics import MEDIA_TYPE
from api.security.principal import Operator
from api.service import CurrentService

router = APIRouter(tags=["health"])
TEXT = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


@router.get("/metrics", operation_id="metrics", response_class=Response, responses=TEXT)  # type: ignore[arg-type]
def metrics(service: CurrentService, _: Operator) -> Response:
    """Return the figures of this process."""
    return Response(service.metrics.render(), media_type=MEDIA_TYPE)
