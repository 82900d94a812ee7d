"""The catalogue of problems, open to everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.problem_types import CATALOGUE, PATH, UNKNOWN_PATH, ProblemType
from api.problems import ProblemError, responses
from api.schemas.problem_types import ProblemCatalogue, ProblemKind

router = APIRouter(tags=["problems"])


@router.get(PATH, operation_id="problem_types")
async def problem_types() -> ProblemCatalogue:
    """List every kind of problem that the service answers with."""
    return ProblemCatalogue(items=[_describe(one) for one in CATALOGUE])


@router.get(f"{PATH}/{{code}}", operation_id="problem_type", responses=responses(404, 422))
async def problem_type(code: Annotated[str, Path(max_length=64)]) -> ProblemKind:
    """Explain one kind of problem: this is where the `type` of problem documents leads."""
    for one in CATALOGUE:
        if one.code == code:
            return _describe(one)
    raise ProblemError(UNKNOWN_PATH, f"no problem has the code '{code}'")


def _describe(kind: ProblemType) -> ProblemKind:
    return ProblemKind(type=kind.uri, **kind._asdict())
