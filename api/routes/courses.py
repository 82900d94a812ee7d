"""The catalogue."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Path, Query

from api.problems import responses
from api.schemas.courses import CourseList, CourseSummary, SimilarCourse, SimilarResponse
from api.security.principal import Anybody
from api.service import CurrentService
from training_data.columns import MAX_PRICE, MODES, PLAIN_IN_A_PATH, Courses

C = Courses
CourseId = Annotated[str, Path(min_length=1, max_length=128, pattern=PLAIN_IN_A_PATH)]

router = APIRouter(tags=["courses"])


@router.get("/v1/courses")
def courses(
    service: CurrentService,
    _: Anybody,
    category: Annotated[str | None, Query(max_length=200)] = None,
    mode: Literal[MODES] | None = None,  # type: ignore[valid-type]
    max_price_idr: Annotated[int | None, Query(ge=0, le=MAX_PRICE)] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CourseList:
    """List trainings in the order of their ids."""
    wanted = [pl.lit(True)]
    if category is not None:
        wanted.append(C.category.col == category)
    if mode is not None:
        wanted.append(C.mode.col == mode)
    if max_price_idr is not None:
        wanted.append(C.price_idr.col <= max_price_idr)
    catalogue = service.bundle.engine.catalogue
    listed = catalogue.table.filter(pl.Series(~catalogue.withdrawn)).filter(wanted)
    page = listed.sort(C.course_id.name).slice(offset, limit)
    items = page.select(list(CourseSummary.model_fields)).to_dicts()
    return CourseList(
        total=len(listed), offset=offset, items=[CourseSummary(**item) for item in items]
    )


@router.get("/v1/courses/{course_id}", responses=responses(404))
def course(course_id: CourseId, service: CurrentService, _: Anybody) -> dict[str, Any]:
    """Return one training as it stands in the catalogue, and what outcomes say of its quality."""
    engine = service.bundle.engine
    row = service.course(course_id)
    return engine.catalogue.table.row(row, named=True) | {"quality": engine.quality.summary(row)}


@router.get("/v1/courses/{course_id}/similar", responses=responses(404))
def similar(
    course_id: CourseId,
    service: CurrentService,
    _: Anybody,
    k: Annotated[int, Query(ge=1, le=100)] = 10,
) -> SimilarResponse:
    """Return the trainings most like one."""
    service.course(course_id)
    catalogue = service.bundle.engine.catalogue
    titles = catalogue.table[C.title.name]
    found = service.bundle.neighbours.similar_courses(course_id, k)
    return SimilarResponse(
        course_id=course_id,
        items=[
            SimilarCourse(course_id=other, title=titles[catalogue.index[other]], similarity=cosine)
            for other, cosine in found
        ],
    )
