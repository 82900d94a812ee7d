"""What the last run over everybody left for a participant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.observability import request_ids
from api.problem_types import NO_LATEST_LIST
from api.problems import ProblemError, responses
from api.recommend.turns import take_turn
from api.routes.participants import PLACE, AskedId
from api.schemas.latest import LatestRecommendations
from api.schemas.recommendations import ParticipantRequest
from api.security.principal import Portal
from api.service import CurrentService, list_reason_codes
from recommender.batch.latest import BatchResults, build_latest
from store.audit import record
from training_data.columns import Participants

router = APIRouter(tags=["recommendations"])


async def _results(request: Request) -> BatchResults:
    results: BatchResults = request.app.state.batch_results
    return results


@router.get(
    f"{PLACE}/recommendations/latest",
    operation_id="latest",
    responses=responses(404),
    dependencies=[Depends(take_turn)],
)
def latest(
    participant_id: AskedId,
    service: CurrentService,
    principal: Portal,
    results: Annotated[BatchResults, Depends(_results)],
) -> LatestRecommendations:
    """Return the list of the last run over everybody, without what may no longer be taken.

    Order, score, fit and reasons are those of the run; rules, seats, dates and advice are today's. Who objected to
    profiling since has no such list.
    """
    asked = ParticipantRequest(participant_id=participant_id)
    people, events = service.find_participant(asked, principal)
    kept = results.find(participant_id)
    objects = bool(people[Participants.profiling_opt_out.name][0])
    if kept is None or (objects and not kept.neutral):
        raise ProblemError(
            NO_LATEST_LIST, f"no run left a list for the participant '{participant_id}'"
        )
    engine = service.bundle.engine
    participant = engine.prepare(people, events, engine.programme.today())
    answer = build_latest(engine, service.messages(kept.stamp.language), participant, kept)
    decision = {
        "latest": list_reason_codes(answer["items"]),
        "made_with": kept.stamp.bundle,
    }
    with service.store.writing() as connection:
        record(connection, [service.entry(principal, "recommend", participant_id, decision)])
    return LatestRecommendations(
        **answer,
        made_on=kept.day,
        language=kept.stamp.language,
        request_id=str(request_ids.current()),
        bundle_version=kept.stamp.bundle,
    )
