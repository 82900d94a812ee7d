"""May one take it, and what to take within the balance."""

from __future__ import annotations

import datetime as dt

import numpy as np
from fastapi import APIRouter

from api.observability import request_ids
from api.problems import responses
from api.schemas.plans import EligibilityRequest, EligibilityResponse, PlanRequest, PlanResponse
from api.security.principal import Portal
from api.service import CurrentService, list_reason_codes
from recommender.matching.plan import make_plan
from recommender.responses.eligibility import decide_eligibility
from recommender.responses.recommendations import build_items
from training_data.columns import Participants

P = Participants
UNLIMITED = np.iinfo(np.int64).max

router = APIRouter()


@router.post(
    "/v1/eligibility", operation_id="eligibility", responses=responses(404), tags=["eligibility"]
)
def eligibility(
    request: EligibilityRequest, service: CurrentService, principal: Portal
) -> EligibilityResponse:
    """Say whether one participant may take trainings: every reason why not, and what would change it."""
    for course_id in request.course_ids:
        service.course(course_id)
    engine = service.bundle.engine
    tables = service.find_participant(request, principal)
    decided = decide_eligibility(
        engine,
        service.messages(request.language),
        engine.prepare(*tables, dt.date.today()),
        request.course_ids,
    )[0]
    response: EligibilityResponse = {
        **decided,
        "participant_id": request.participant_id,
        "request_id": str(request_ids.current()),
        "bundle_version": service.bundle.manifest.version,
    }
    decision = list_reason_codes(response["courses"])
    service.audit_writer.add(
        service.entry(principal, "eligibility", request.participant_id, decision)
    )
    return response


@router.post("/v1/plans", operation_id="plan", responses=responses(404), tags=["plans"])
def plans(request: PlanRequest, service: CurrentService, principal: Portal) -> PlanResponse:
    """Plan the trainings that are worth most together within the balance, one after the other."""
    participants, events = service.find_participant(request, principal, neutral=request.neutral)
    subject = None
    if request.participant_id is not None and not participants[P.profiling_opt_out.name][0]:
        subject = service.store.pseudonym(request.participant_id)
    service, arm = service.for_subject(subject)
    engine, messages = service.bundle.engine, service.messages(request.language)
    prepared = engine.prepare(participants, events, dt.date.today())
    plan = make_plan(engine, prepared, request.max_courses, request.filters)
    items = build_items(engine, plan.recommendations, messages)[0]
    decision = list_reason_codes(items)
    service.audit_writer.add(
        service.entry(principal, "plan", request.participant_id, decision, arm)
    )
    return PlanResponse(
        request_id=str(request_ids.current()),
        bundle_version=service.bundle.manifest.version,
        programme=engine.programme.label,
        day=prepared.day,
        participant_id=request.participant_id,
        neutral=bool(prepared.batch.opted_out[0]),
        items=items,
        spent_idr=plan.spent,
        left_idr=None if plan.balance == UNLIMITED else plan.balance - plan.spent,
    )
