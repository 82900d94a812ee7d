"""Recommendations."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.problems import responses
from api.recommend.handler import BATCH, Answering
from api.schemas.recommendations import (
    BatchRequest,
    BatchResponse,
    RecommendationRequest,
    RecommendationResponse,
)
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


@router.post(BATCH, response_model=BatchResponse)
async def recommend_many(
    asked: BatchRequest,
    answering: Annotated[Answering, Depends(_answering)],
    principal: Portal,
) -> Response:
    """Recommend trainings to many participants, each answered by itself: with a list or with a problem.

    The request id of each is the batch's with the place, from 0, behind a dot.
    """
    answers = await answering.recommend_many(asked.requests, principal)
    content = orjson.dumps({"answers": answers})  # models of 10,000 items would hold up everybody
    return Response(content, media_type="application/json")
