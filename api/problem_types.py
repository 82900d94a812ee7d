"""Which problems there are: the catalogue of what the service can answer in place of what was asked for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NamedTuple

PATH: Final = "/problems"


class ProblemType(NamedTuple):
    """A kind of problem.

    Attributes
    ----------
    code : str
        Stays as it is; programs go by it.
    meaning : str
        Why it comes, and what to do.
    again : bool
        Whether the same request may succeed later, after `Retry-After` where that is sent.
    """

    code: str
    status: int
    title: str
    meaning: str
    again: bool = False

    @property
    def uri(self) -> str:
        """Where it is explained, as problem documents refer to it."""
        return f"{PATH}/{self.code}"


NO_HTTP: Final = ProblemType(
    "no-http",
    400,
    "No request",
    "What came is no HTTP/1.1: the head is malformed, has no or two of Host or of a credential, or the path is no "
    "UTF-8. Mend what sends it.",
)
NOT_LOCAL: Final = ProblemType(
    "not-local",
    400,
    "Development mode",
    "Without credentials the service answers this machine only, asked by that name and through no proxy. "
    "Start it without --development and make a key.",
)
NO_CREDENTIAL: Final = ProblemType(
    "no-credential",
    401,
    "No valid credential",
    "The key or token is missing, unknown, expired or revoked, or both were sent. Send one that is valid.",
)
MISSING_SCOPE: Final = ProblemType(
    "missing-scope",
    403,
    "Scope missing",
    "The credential may not ask this. The detail names the scope that is needed.",
)
OTHER_PARTICIPANT: Final = ProblemType(
    "other-participant",
    403,
    "Another participant",
    "The credential reaches one participant's data and was used for another's.",
)
UNKNOWN_PATH: Final = ProblemType(
    "unknown-path",
    404,
    "No such path",
    "The service has no such path. Compare the OpenAPI document.",
)
UNKNOWN_PARTICIPANT: Final = ProblemType(
    "unknown-participant",
    404,
    "No such participant",
    "Nobody is held under that id. Register the participant, or describe them in the request.",
)
UNKNOWN_COURSE: Final = ProblemType(
    "unknown-course",
    404,
    "No such training",
    "The catalogue of the present bundle lacks that training.",
)
UNKNOWN_ALLOCATION: Final = ProblemType(
    "unknown-allocation",
    404,
    "No such allocation",
    "No allocation has that id, or it is older than what is kept. The list of jobs is at /v1/allocations.",
)
NO_LATEST_LIST: Final = ProblemType(
    "no-latest-list",
    404,
    "No list of a run",
    "No run over everybody left a list for that participant. Ask for one at /v1/recommendations.",
)
WRONG_METHOD: Final = ProblemType(
    "wrong-method", 405, "Method not allowed", "The path has other methods: those in Allow."
)
TOO_SLOW: Final = ProblemType(
    "too-slow", 408, "Request too slow", "Head or body did not come in time. Send it at once.", True
)
ERASED: Final = ProblemType(
    "erased",
    410,
    "Participant erased",
    "The participant was erased on request; the id is not given out again. Take another id.",
)
CHANGED: Final = ProblemType(
    "changed",
    412,
    "Condition does not hold",
    "The profile is not the one that If-Match or If-None-Match means. Read it, and decide again.",
)
BODY_TOO_LARGE: Final = ProblemType(
    "body-too-large", 413, "Body too large", "Send less at once; the detail has the limit."
)
INVALID_FIELD: Final = ProblemType(
    "invalid-field",
    422,
    "Field cannot be used",
    "Each field that cannot be used is named in errors, with what is wrong with it.",
)
TOO_MANY_REQUESTS: Final = ProblemType(
    "too-many-requests",
    429,
    "Too many requests",
    "The client is over its limit, which RateLimit-Policy tells; each list of a batch counts.",
    True,
)
TOO_MANY_FAILURES: Final = ProblemType(
    "too-many-failures",
    429,
    "Too many wrong credentials",
    "Too many wrong credentials came from this address. A valid one still passes.",
    True,
)
HEAD_TOO_LARGE: Final = ProblemType(
    "head-too-large", 431, "Head too large", "Shorten address and header fields."
)
FAULT: Final = ProblemType(
    "fault", 500, "Fault", "The service made a mistake; the log has it under request_id. Report it."
)
OVERLOAD: Final = ProblemType(
    "overload", 503, "Overload", "There is no time for an answer within the deadline.", True
)
STORE_DOWN: Final = ProblemType(
    "store-down", 503, "Store does not answer", "The store is away; what needs it waits.", True
)

CATALOGUE: Final = (
    NO_HTTP,
    NOT_LOCAL,
    NO_CREDENTIAL,
    MISSING_SCOPE,
    OTHER_PARTICIPANT,
    UNKNOWN_PATH,
    UNKNOWN_PARTICIPANT,
    UNKNOWN_COURSE,
    UNKNOWN_ALLOCATION,
    NO_LATEST_LIST,
    WRONG_METHOD,
    TOO_SLOW,
    ERASED,
    CHANGED,
    BODY_TOO_LARGE,
    INVALID_FIELD,
    TOO_MANY_REQUESTS,
    TOO_MANY_FAILURES,
    HEAD_TOO_LARGE,
    FAULT,
    OVERLOAD,
    STORE_DOWN,
)
_OF_FRAMEWORK: Final = {
    one.status: one for one in (UNKNOWN_PATH, WRONG_METHOD, BODY_TOO_LARGE, INVALID_FIELD, FAULT)
}


def of_status(status: int) -> ProblemType:
    """Return the type of a problem that the web framework found, and says by its status alone."""
    return _OF_FRAMEWORK.get(status) or ProblemType(
        "other", status, HTTPStatus(status).phrase, HTTPStatus(status).description
    )
