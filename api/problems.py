"""Problem documents (RFC 9457): every error of the service in one shape, naming the field."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from api import problem_types
from api.observability import request_ids
from api.problem_types import ProblemType
from store.errors import StoreDownError

MEDIA_TYPE = "application/problem+json"
NO_JSON = {"loc": ("body",), "msg": "no JSON in UTF-8, or too deep, or with too long a number"}
log = logging.getLogger("padan.api")


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["participant.region"])
    message: str = Field(examples=["no single region 'Kota Antah'"])


class Problem(BaseModel):
    """A problem document."""

    type: str = Field(
        description="where `code` is explained, relative to the service's address",
        examples=[problem_types.INVALID_FIELD.uri],
    )
    code: str = Field(
        description="what programs go by: see `/problems`",
        examples=[problem_types.INVALID_FIELD.code],
    )
    title: str = Field(examples=[problem_types.INVALID_FIELD.title])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["1 field cannot be used"])
    instance: str = Field(examples=["/v1/recommendations"])
    request_id: str | None = Field(None, examples=["6fd1a0a4-3f0e-4a4c-9a57-0e4d3c9d1b11"])
    errors: list[FieldProblem] = []


class ProblemError(Exception):
    """Raised by a route to answer with a problem document."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        errors: list[FieldProblem] | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors or []
        self.headers = {"Retry-After": str(retry_after)} if retry_after else None

    def problem(self, path: str) -> Problem:
        """Return the problem of the request to ``path``."""
        return _problem(path, self.kind, self.detail, self.errors)

    def document(self, path: str) -> JSONResponse:
        """Return the problem document of the request to ``path``."""
        return document(path, self.kind, self.detail, self.errors, self.headers)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the given error statuses."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""

    @app.exception_handler(ProblemError)
    async def _respond(request: Request, error: ProblemError) -> JSONResponse:
        return error.document(request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return build_invalid(error.errors()).document(request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        path, headers = request.url.path, error.headers
        if error.status_code == HTTPStatus.NOT_MODIFIED:
            return Response(status_code=error.status_code, headers=headers)
        if error.status_code == HTTPStatus.BAD_REQUEST:  # of a body that could not be read
            return build_invalid([NO_JSON]).document(path)
        kind = problem_types.of_status(error.status_code)
        return document(path, kind, str(error.detail), headers=headers)

    @app.exception_handler(InterfaceError)
    @app.exception_handler(InternalError)  # it only reads, as after a failover to a standby
    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeoutError)
    @app.exception_handler(StoreDownError)
    async def _store_down(request: Request, error: SQLAlchemyError) -> JSONResponse:
        log.error("the store does not answer: %s", type(error).__name__)
        headers = {"Retry-After": "5"}
        return document(
            request.url.path, problem_types.STORE_DOWN, "the store does not answer", headers=headers
        )

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        log.error("fault while answering %s", request.state.route, exc_info=error)
        # This answer goes past the middleware that adds the header.
        headers = {request_ids.HEADER: request_ids.current() or ""}
        detail = "the service made a mistake; it was logged"
        return document(request.url.path, problem_types.FAULT, detail, headers=headers)


def build_invalid(problems: Sequence[Any]) -> ProblemError:
    """Return the problem of fields that cannot be used, as pydantic lists them."""
    errors = [_field_problem(problem) for problem in problems]
    count = len(errors)
    detail = f"{count} field{'s' if count > 1 else ''} cannot be used"
    return ProblemError(problem_types.INVALID_FIELD, detail, errors)


def _field_problem(problem: dict[str, Any]) -> FieldProblem:
    if problem.get("type") == "json_invalid":  # the place is a number of bytes then, and no field
        return FieldProblem(field="body", message=f"no JSON: {problem['ctx']['error']}")
    place = [str(part) for part in problem["loc"] if part not in ("body", "query", "path")]
    return FieldProblem(field=".".join(place) or "body", message=problem["msg"])


def document(
    path: str,
    kind: ProblemType,
    detail: str,
    errors: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document about the request to ``path``."""
    problem = _problem(path, kind, detail, errors or [])
    return JSONResponse(
        problem.model_dump(), status_code=kind.status, media_type=MEDIA_TYPE, headers=headers
    )


def _problem(path: str, kind: ProblemType, detail: str, errors: list[FieldProblem]) -> Problem:
    return Problem(
        type=kind.uri,
        code=kind.code,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=path,
        request_id=request_ids.current(),
        errors=errors,
    )
