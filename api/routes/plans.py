"""May one take it, and what to take within the balance."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.languages import AcceptLanguage, in_language
from api.observability import request_ids
from api.problems import responses
from api.recommend.turns import take_turn
from api.schemas.plans import EligibilityRequest, EligibilityResponse, PlanRequest, PlanResponse
from api.security.principal import Portal
from api.service import CurrentService, list_reason_codes
from recommender.matching.plan import make_plan
from recommender.responses.eligibility import decide_eligibility
from recommender.responses.plans import build_plan
from training_data.columns import Participants

P = Participants

router = APIRouter(dependencies=[Depends(take_turn)])


@router.post(
    "/v1/eligibility", operation_id="eligibility", responses=responses(404), tags=["eligibility"]
)
def eligibility(
    request: EligibilityRequest,
    service: CurrentService,
    principal: Portal,
    accept_language: AcceptLanguage = None,
) -> EligibilityResponse:
    """Say whether one participant may take trainings: every reason why not, and what would change it."""
    request = in_language(request, accept_language, service.release.messages)
    for course_id in request.course_ids:
        service.course(course_id)
    engine = service.bundle.engine
    tables = service.find_participant(request, principal)
    decided = decide_eligibility(
        engine,
        service.messages(request.language),
        engine.prepare(*tables, engine.programme.today()),
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
def plans(
    request: PlanRequest,
    service: CurrentService,
    principal: Portal,
    accept_language: AcceptLanguage = None,
) -> PlanResponse:
    """Plan the best trainings that can be taken one after the other within the balance."""
    request = in_language(request, accept_language, service.release.messages)
    participants, events = service.find_participant(request, principal, neutral=request.neutral)
    subject = None
    if request.participant_id is not None and not participants[P.profiling_opt_out.name][0]:
        subject = service.store.pseudonym(request.participant_id)
    service, arm = service.for_subject(subject)
    engine, messages = service.bundle.engine, service.messages(request.language)
    prepared = engine.prepare(participants, events, engine.programme.today())
    plan = make_plan(engine, prepared, request.max_courses, request.filters)
    planned = build_plan(engine, messages, plan)
    decision = list_reason_codes(planned["items"])
    service.audit_writer.add(
        service.entry(principal, "plan", request.participant_id, decision, arm)
    )
    return {
        **planned,
        "participant_id": request.participant_id,
        "request_id": str(request_ids.current()),
        "bundle_version": service.bundle.manifest.version,
    }
