"""The catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Path, Query

from api.catalogue_answers import NOT_MODIFIED, AnswerOnce
from api.problems import responses
from api.schemas.courses import (
    CourseList,
    CourseQuery,
    CourseSummary,
    SimilarCourse,
    SimilarResponse,
)
from api.security.principal import Anybody
from api.service import CurrentService
from training_data.columns import PLAIN_IN_A_PATH, Courses

C = Courses
CourseId = Annotated[str, Path(min_length=1, max_length=128, pattern=PLAIN_IN_A_PATH)]
COURSE = "/v1/courses/{course_id}"

router = APIRouter(tags=["courses"])


@router.get("/v1/courses", operation_id="courses", responses=NOT_MODIFIED)
def courses(
    wanted: Annotated[CourseQuery, Query()], service: CurrentService, _: Anybody, __: AnswerOnce
) -> CourseList:
    """List trainings: those that have each word of `search` in title or description, and what else is asked for.

    A `sort` with `-` before it begins with the most; what lacks the value comes last, and equals stand in the
    order of their ids.
    """
    catalogue = service.bundle.engine.catalogue
    listed = catalogue.table.filter(pl.Series(~catalogue.withdrawn)).filter(_select(wanted))
    ordered = listed.sort(
        wanted.sort.removeprefix("-"),
        C.course_id.name,
        descending=[wanted.sort.startswith("-"), False],
        nulls_last=True,
    )
    page = ordered.slice(wanted.offset, wanted.limit)
    items = page.select(list(CourseSummary.model_fields)).to_dicts()
    return CourseList(
        total=len(listed), offset=wanted.offset, items=[CourseSummary(**item) for item in items]
    )


@router.get(f"{COURSE}/similar", operation_id="similar", responses=responses(404) | NOT_MODIFIED)
def similar(
    course_id: CourseId,
    service: CurrentService,
    _: Anybody,
    __: AnswerOnce,
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


@router.get(COURSE, operation_id="course", responses=responses(404) | NOT_MODIFIED)
def course(
    course_id: CourseId, service: CurrentService, _: Anybody, __: AnswerOnce
) -> dict[str, Any]:
    """Return one training as it stands in the catalogue, and what outcomes say of its quality."""
    engine = service.bundle.engine
    row = service.course(course_id)
    return engine.catalogue.table.row(row, named=True) | {"quality": engine.quality.summary(row)}


def _select(wanted: CourseQuery) -> list[pl.Expr]:
    """Return what trainings must be to be listed."""
    exactly = {
        C.category: wanted.category,
        C.provider_id: wanted.provider_id,
        C.region_code: wanted.region_code,
        C.language: wanted.language,
        C.mode: wanted.mode,
        C.level: wanted.level,
    }
    rules = [pl.lit(True)]
    rules += [column.col == value for column, value in exactly.items() if value is not None]
    if wanted.max_price_idr is not None:
        rules.append(C.price_idr.col <= wanted.max_price_idr)
    text = pl.concat_str(C.title.col, C.description.col, separator=" ", ignore_nulls=True)
    rules += [
        text.str.to_lowercase().str.contains(word, literal=True)
        for word in (wanted.search or "").lower().split()
    ]
    return rules
