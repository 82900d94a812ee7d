"""May one take it, and what to take within the balance."""

from __future__ import annotations

import datetime as dt

import numpy as np
from fastapi import APIRouter

from api.observability import request_ids
from api.problems import responses
from api.schemas.plans import EligibilityRequest, EligibilityResponse, PlanRequest, PlanResponse
from api.security.principal import Portal
from api.service import CurrentService
from recommender.matching.plan import plan
from recommender.responses.eligibility import verdicts
from recommender.responses.recommendations import items
from recommender.settings import Filters
from training_data.columns import Participants

P = Participants
UNLIMITED = np.iinfo(np.int64).max

router = APIRouter()


@router.post("/v1/eligibility", responses=responses(404), tags=["eligibility"])
def eligibility(
    asked: EligibilityRequest, service: CurrentService, principal: Portal
) -> EligibilityResponse:
    """Say whether one participant may take trainings: every reason why not, and what would change it."""
    for course_id in asked.course_ids:
        service.course(course_id)
    participants, events = service.tables(asked, principal)
    found = verdicts(
        service.bundle.engine,
        service.messages(asked.language),
        participants,
        events,
        dt.date.today(),
        asked.course_ids,
    )[0]
    response = EligibilityResponse(
        **found
        | {
            "request_id": request_ids.current(),
            "bundle_version": service.bundle.manifest.version,
            "participant_id": asked.participant_id,
        }
    )
    decision = {
        verdict.course_id: [why.code for why in verdict.reasons] for verdict in response.courses
    }
    service.trail.add(service.entry(principal, "eligibility", asked.participant_id, decision))
    return response


@router.post("/v1/plans", responses=responses(404), tags=["plans"])
def plans(asked: PlanRequest, service: CurrentService, principal: Portal) -> PlanResponse:
    """Plan the trainings that are worth most together within the balance, one after the other."""
    participants, events = service.tables(asked, principal, neutral=asked.neutral)
    subject = None
    if asked.participant_id is not None and not participants[P.profiling_opt_out.name][0]:
        subject = service.store.pseudonym(asked.participant_id)
    service, arm = service.for_subject(subject)
    engine, day = service.bundle.engine, dt.date.today()
    messages = service.messages(asked.language)
    filters = Filters(asked.filters.modes, asked.filters.categories, asked.filters.max_price_idr)
    planned = plan(engine, participants, events, day, asked.most, filters)
    response = PlanResponse(
        request_id=request_ids.current(),
        bundle_version=service.bundle.manifest.version,
        programme=engine.programme.label,
        day=day,
        participant_id=asked.participant_id,
        neutral=bool(planned.answer.question.batch.opted_out[0]),
        items=items(engine, planned.answer, messages)[0],
        spent_idr=planned.spent,
        left_idr=None if planned.balance == UNLIMITED else planned.balance - planned.spent,
    )
    decision = {item.course_id: [why.code for why in item.reasons] for item in response.items}
    service.trail.add(service.entry(principal, "plan", asked.participant_id, decision, arm))
    return response
