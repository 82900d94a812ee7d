"""The service: the recommendation endpoint and what stands around it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import polars as pl
from fastapi import FastAPI, Path, Query

from api import problems
from api.people import People
from api.problems import FieldProblem, ProblemError, responses
from api.schemas import (
    Live,
    Ready,
    RecommendationRequest,
    RecommendationResponse,
    Similar,
    SimilarResponse,
)
from recommender.answers import respond
from recommender.bundle import Bundle
from recommender.engine import Filters, Settings
from recommender.messages import Messages
from training_data.columns import Courses, Participants
from training_data.profiles import ProfileError, to_tables

CourseId = Annotated[str, Path(min_length=1, max_length=128)]


def create_app(bundle: Bundle, people: People) -> FastAPI:
    """Return the service over a loaded bundle.

    Parameters
    ----------
    people : People
        Participants that can be asked for by id.
    """
    app = FastAPI(
        title="Padan",
        version="1",
        description="Trainings that fit a participant, that the participant may take, and why.",
        responses={422: {"model": problems.Problem, "description": "Unprocessable Content"}},
    )
    problems.install(app)
    engine = bundle.engine
    messages = {language: bundle.messages(language) for language in engine.programme.languages}
    titles = engine.catalogue.table[Courses.title.name]

    @app.post("/v1/recommendations", responses=responses(404), tags=["recommendations"])
    def recommend(asked: RecommendationRequest) -> RecommendationResponse:
        """Recommend trainings to one participant."""
        participants, events = _tables(asked)
        answered = respond(
            engine,
            _messages(asked.language),
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
        return RecommendationResponse(
            **answered
            | {
                "request_id": str(uuid.uuid4()),
                "bundle_version": bundle.manifest.version,
                "participant_id": asked.participant_id,
                "degraded": False,
            }
        )

    @app.get("/v1/courses/{course_id}", responses=responses(404), tags=["courses"])
    def course(course_id: CourseId) -> dict[str, Any]:
        """Return one training as it stands in the catalogue, and what outcomes say of its quality."""
        row = _course(course_id)
        return engine.catalogue.table.row(row, named=True) | {
            "quality": engine.quality.summary(row)
        }

    @app.get("/v1/courses/{course_id}/similar", responses=responses(404), tags=["courses"])
    def similar(
        course_id: CourseId, k: Annotated[int, Query(ge=1, le=100)] = 10
    ) -> SimilarResponse:
        """Return the trainings most like one."""
        _course(course_id)
        found = bundle.neighbours.similar_courses(course_id, k)
        return SimilarResponse(
            course_id=course_id,
            items=[
                Similar(
                    course_id=other, title=titles[engine.catalogue.index[other]], similarity=cosine
                )
                for other, cosine in found
            ],
        )

    @app.get("/healthz", tags=["health"])
    def live() -> Live:
        """Say that the process runs."""
        return Live()

    @app.get("/readyz", tags=["health"])
    def ready() -> Ready:
        """Say with which bundle the service answers."""
        return Ready(bundle_version=bundle.manifest.version, courses=len(engine.catalogue))

    def _messages(language: str | None) -> Messages:
        wanted = language or engine.programme.languages[0]
        if wanted not in messages:
            problem = FieldProblem(field="language", message=f"not one of {', '.join(messages)}")
            raise ProblemError(422, "1 field cannot be used", [problem])
        return messages[wanted]

    def _course(course_id: str) -> int:
        row = engine.catalogue.index.get(course_id)
        if row is None:
            raise ProblemError(404, f"no training has the id '{course_id}'")
        return row

    def _tables(asked: RecommendationRequest) -> tuple[pl.DataFrame, pl.DataFrame]:
        if asked.participant is not None:
            try:
                tables = to_tables([asked.participant], ["inline"], engine.regions)
            except ProfileError as error:
                problem = FieldProblem(field=f"participant.{error.field}", message=str(error))
                raise ProblemError(422, "1 field cannot be used", [problem]) from error
        else:
            found = people.find(str(asked.participant_id))
            if found is None:
                raise ProblemError(404, f"no participant has the id '{asked.participant_id}'")
            tables = found
        if asked.neutral:
            opted_out = pl.lit(True).alias(Participants.profiling_opt_out.name)
            return tables[0].with_columns(opted_out), tables[1]
        return tables

    return app
