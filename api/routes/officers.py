"""What officers ask: whom a training fits, and what the service answers with."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, Depends

from api.problems import responses
from api.recommend.turns import take_turn
from api.routes.courses import COURSE, CourseId
from api.schemas.officers import (
    AudienceMember,
    AudienceRequest,
    AudienceResponse,
    CandidateBundle,
    ModelCard,
    Operations,
    RefusedBundle,
    ShadowBundle,
)
from api.security.principal import Anybody, Officer
from api.service import CurrentService, Service
from recommender.eligibility.mask import build_mask
from store import participants
from store.audit import record
from training_data.columns import Participants

P = Participants
MAX_NEAREST = 2_000  # the nearest so many; not all of them may take the training

router = APIRouter()


@router.post(
    f"{COURSE}/audience",
    operation_id="audience",
    responses=responses(404),
    tags=["officers"],
    dependencies=[Depends(take_turn)],
)
def audience(
    course_id: CourseId, request: AudienceRequest, service: CurrentService, principal: Officer
) -> AudienceResponse:
    """Return participants who may take a training and whom it fits; none who objects to profiling."""
    course = service.course(course_id)
    bundle = service.bundle
    near = bundle.neighbours.find_audience(course_id, MAX_NEAREST)
    with service.store.reading() as connection:
        people, events = participants.find(connection, near)
    willing = people.filter(~P.profiling_opt_out.col)
    engine = bundle.engine
    read = engine.prepare(willing, events, engine.programme.today())
    may = np.flatnonzero(build_mask(engine.query(read))[:, course])
    similarity = (
        read.vectors[may] @ engine.course_vectors[course]
    )  # as they describe themselves now
    best = np.argsort(-similarity, kind="stable")[: request.k]
    found = [(read.ids[may[row]], float(similarity[row])) for row in best if similarity[row] > 0]
    seen = [
        service.entry(principal, "audience", name, {"course_id": course_id}) for name, _ in found
    ]
    with service.store.writing() as connection:
        record(connection, seen)
    return AudienceResponse(
        course_id=course_id,
        bundle_version=bundle.manifest.version,
        items=[AudienceMember(participant_id=name, similarity=cosine) for name, cosine in found],
    )


@router.get("/v1/model", operation_id="model", tags=["model"])
def model(service: CurrentService, principal: Anybody) -> ModelCard:
    """Say what the service answers with: bundle, rules, regions, data and figures."""
    engine = service.bundle.engine
    head = service.bundle.manifest.model_dump(exclude={"parts", "format"})
    return ModelCard(
        **head,
        languages=list(engine.programme.languages),
        sources=sorted(engine.models),
        operations=_operations(service) if "admin" in principal.scopes else None,
    )


def _operations(service: Service) -> Operations:
    releases, shadow = service.releases, service.shadow
    refused, experiment = releases.refused, releases.experiment
    return Operations(
        refused=refused and RefusedBundle(**vars(refused)),
        candidate=experiment
        and CandidateBundle(version=experiment.candidate.version, share=experiment.share),
        shadow=shadow and ShadowBundle(**vars(shadow.summary())),
    )
