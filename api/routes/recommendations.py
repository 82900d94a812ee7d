"""Recommendations."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.languages import AcceptLanguage
from api.problems import responses
from api.recommend.handler import BATCH, RecommendationHandler
from api.schemas.recommendations import (
    BatchRequest,
    BatchResponse,
    RecommendationRequest,
    RecommendationResponse,
)
from api.security.principal import Portal

router = APIRouter(tags=["recommendations"])


async def _handler(request: Request) -> RecommendationHandler:
    handler: RecommendationHandler = request.app.state.handler
    return handler


CurrentHandler = Annotated[RecommendationHandler, Depends(_handler)]


@router.post("/v1/recommendations", operation_id="recommend", responses=responses(404))
async def recommend(
    wanted: RecommendationRequest,
    handler: CurrentHandler,
    principal: Portal,
    accept_language: AcceptLanguage = None,
) -> RecommendationResponse:
    """Recommend trainings to one participant."""
    return await handler.recommend(wanted, principal, accept_language)


@router.post(BATCH, operation_id="recommend_many", response_model=BatchResponse)
async def recommend_many(
    wanted: BatchRequest,
    handler: CurrentHandler,
    principal: Portal,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Recommend trainings to many participants, each answered by itself: with a list or with a problem.

    The request id of each is the batch's with the place, from 0, behind a dot.
    """
    answers = await handler.recommend_many(wanted.requests, principal, accept_language)
    content = orjson.dumps({"answers": answers})  # models of 10,000 items would hold up everybody
    return Response(content, media_type="application/json")
