"""Many participants in one call, a line of JSON each; each is answered by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.problem_types import ERASED
from api.problems import ProblemError, build_invalid
from api.schemas.participants import ParticipantLine, ParticipantsWritten, ParticipantWritten
from api.security.principal import Portal, Principal
from api.service import CurrentService, Service, invalid_field
from store import participants
from store.audit import record
from training_data.profiles import ProfileError, to_row

PATH: Final = "/v1/participants:batch"
MAX_LINES: Final = 10_000
CHUNK: Final = 500  # lines of one transaction, so that others write in between
LINES: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string", "pattern": r"\S"},
                "example": '{"participant_id": "p-1", "region": "Kota Kupang"}\n',
            }
        },
    }
}

router = APIRouter(tags=["participants"])


@dataclass
class _Line:
    """A line: the row that it is, or the problem; and whether it was new."""

    participant_id: str | None = None
    row: dict[str, Any] | None = None
    problem: ProblemError | None = None
    new: bool = False


@router.post(PATH, operation_id="put_participants", openapi_extra=LINES)
async def write_many(
    request: Request, service: CurrentService, principal: Portal
) -> ParticipantsWritten:
    """Register participants, or replace their profiles: up to 10,000 lines of JSON, profiles with `participant_id`.

    Each line is answered by itself, in the order of the lines, with the status that a call of its own would have.
    Every call may be repeated.
    """
    sent = [line for line in (await request.body()).splitlines() if line.strip()]
    if not 0 < len(sent) <= MAX_LINES:
        raise invalid_field("body", f"{len(sent):,} lines; send 1 to {MAX_LINES:,}")
    return await run_in_threadpool(_write, service, principal, sent)


def _write(service: Service, principal: Principal, sent: Sequence[bytes]) -> ParticipantsWritten:
    lines = [_read(service, principal, line) for line in sent]
    for chunk in _divide([line for line in lines if line.row is not None]):
        rows = [line.row for line in chunk if line.row is not None]
        with service.store.writing() as connection:
            written = participants.put_many(connection, rows, service.store.pseudonym)
            new = set(written.new)
            for line in chunk:
                if line.participant_id in written.erased:
                    line.problem = ProblemError(ERASED, participants.ERASED)
                line.new = line.participant_id in new
                new.discard(str(line.participant_id))  # who comes again is not new again
            record(connection, [_entry(service, principal, line) for line in chunk])
    return ParticipantsWritten(answers=[_answer(line) for line in lines])


def _read(service: Service, principal: Principal, sent: bytes) -> _Line:
    """Return what a line says, or what is wrong with it."""
    try:
        profile = ParticipantLine.model_validate_json(sent)
    except ValidationError as error:
        return _Line(problem=build_invalid(error.errors()))
    line = _Line(profile.participant_id)
    try:
        service.require_own(principal, profile.participant_id)
        regions = service.bundle.engine.reader.vocabularies.regions
        line.row = to_row(profile, profile.participant_id, regions)
    except ProfileError as error:
        line.problem = invalid_field(error.field, str(error))
    except ProblemError as error:
        line.problem = error
    return line


def _divide(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Give lines in the order of their ids: calls that share some then never wait for each other in a circle."""
    ordered = sorted(lines, key=lambda line: str(line.participant_id))
    for first in range(0, len(ordered), CHUNK):
        yield ordered[first : first + CHUNK]


def _entry(service: Service, principal: Principal, line: _Line) -> Any:
    if line.problem is None:
        return service.entry(principal, "write", line.participant_id)
    return service.entry(
        principal, "refuse", line.participant_id, {"status": line.problem.kind.status}
    )


def _answer(line: _Line) -> ParticipantWritten:
    if line.problem is None:
        status = 201 if line.new else 200
        return ParticipantWritten(participant_id=line.participant_id, status=status, problem=None)
    return ParticipantWritten(
        participant_id=line.participant_id,
        status=line.problem.kind.status,
        problem=line.problem.problem(PATH),
    )
