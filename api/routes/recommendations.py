"""Recommendations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.answering import Answering
from api.problems import responses
from api.schemas.recommendations import RecommendationRequest, RecommendationResponse
from api.security.principal import Portal

router = APIRouter(tags=["recommendations"])


def _answering(request: Request) -> Answering:
    answering: Answering = request.app.state.answering
    return answering


@router.post("/v1/recommendations", responses=responses(404))
async def recommend(
    asked: RecommendationRequest,
    answering: Annotated[Answering, Depends(_answering)],
    principal: Portal,
) -> RecommendationResponse:
    """Recommend trainings to one participant."""
    return RecommendationResponse(**await answering.recommend(asked, principal))
