"""Recommendations."""

from __future__ import annotations

import datetime as dt
import uuid

from fastapi import APIRouter

from api.problems import responses
from api.schemas.recommendations import RecommendationRequest, RecommendationResponse
from api.security.principal import Portal
from api.service import CurrentService
from recommender.answers import respond
from recommender.engine import Filters, Settings

router = APIRouter(tags=["recommendations"])


@router.post("/v1/recommendations", responses=responses(404))
def recommend(
    asked: RecommendationRequest, service: CurrentService, principal: Portal
) -> RecommendationResponse:
    """Recommend trainings to one participant."""
    participants, events = service.tables(asked, principal, neutral=asked.neutral)
    answered = respond(
        service.bundle.engine,
        service.messages(asked.language),
        participants,
        events,
        dt.date.today(),
        Settings(k=asked.k),
        Filters(
            tuple(asked.filters.modes),
            tuple(asked.filters.categories),
            asked.filters.max_price_idr,
        ),
    )[0]
    response = RecommendationResponse(
        **answered
        | {
            "request_id": str(uuid.uuid4()),
            "bundle_version": service.bundle.manifest.version,
            "participant_id": asked.participant_id,
            "degraded": False,
        }
    )
    service.note(
        principal,
        "recommend",
        asked.participant_id,
        response.request_id,
        {item.course_id: [why.code for why in item.reasons] for item in response.items},
    )
    return response
