"""A small client of the service, for portals written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from api.problems import Problem
from api.schemas.courses import CourseList, SimilarResponse
from api.schemas.events import Event, EventBatch, EventsAccepted
from api.schemas.officers import AudienceRequest, AudienceResponse, ModelCard
from api.schemas.participants import Erasure, Export, Objection, ParticipantHeld
from api.schemas.plans import EligibilityRequest, EligibilityResponse, PlanRequest, PlanResponse
from api.schemas.recommendations import (
    BatchRequest,
    BatchResponse,
    RecommendationRequest,
    RecommendationResponse,
)
from api.security.principal import API_KEY_HEADER
from training_data.profiles import Facts

M = TypeVar("M", bound=BaseModel)


class PadanError(Exception):
    """The service answered with a problem.

    Attributes
    ----------
    problem : Problem
        What it said: status, detail and the fields that are wrong.
    """

    def __init__(self, problem: Problem) -> None:
        fields = "; ".join(f"{error.field}: {error.message}" for error in problem.errors)
        super().__init__(f"{problem.status} {problem.detail}{fields and f' ({fields})'}")
        self.problem = problem


class Padan:
    """Asks the service; every method answers with the service's own models.

    Parameters
    ----------
    url : str
        Where the service listens.
    api_key, token : str, optional
        The credential; none for a service in development mode.
    timeout : float
        Seconds.

    Raises
    ------
    PadanError
        By every method, where the service answers with a problem.
    httpx.TransportError
        By every method, where the service cannot be reached.

    Examples
    --------
    >>> with Padan("http://127.0.0.1:8000") as padan:  # doctest: +SKIP
    ...     padan.recommend(participant_id="sim-0000001", k=5).items[0].title
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        token: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        headers = {API_KEY_HEADER: api_key} if api_key else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._http.close()

    def recommend(self, **asked: Any) -> RecommendationResponse:
        """Return a list; ``asked`` are the fields of `RecommendationRequest`."""
        request = RecommendationRequest(**asked)
        return self._ask(RecommendationResponse, "POST", "/v1/recommendations", request)

    def recommend_many(self, requests: Sequence[RecommendationRequest]) -> BatchResponse:
        """Return a list, or a problem, for each of up to 1,000 requests."""
        batch = BatchRequest(requests=list(requests))
        return self._ask(BatchResponse, "POST", "/v1/recommendations:batch", batch)

    def eligibility(self, **asked: Any) -> EligibilityResponse:
        """Return verdicts; ``asked`` are the fields of `EligibilityRequest`."""
        request = EligibilityRequest(**asked)
        return self._ask(EligibilityResponse, "POST", "/v1/eligibility", request)

    def plan(self, **asked: Any) -> PlanResponse:
        """Return a plan; ``asked`` are the fields of `PlanRequest`."""
        return self._ask(PlanResponse, "POST", "/v1/plans", PlanRequest(**asked))

    def courses(self, **filters: Any) -> CourseList:
        """Return a page of trainings; ``filters`` are the parameters of ``GET /v1/courses``."""
        return self._ask(CourseList, "GET", "/v1/courses", params=filters)

    def course(self, course_id: str) -> dict[str, Any]:
        """Return a training's columns and its quality."""
        found: dict[str, Any] = self._send("GET", f"/v1/courses/{_part(course_id)}").json()
        return found

    def similar(self, course_id: str, k: int = 10) -> SimilarResponse:
        """Return the trainings most like one."""
        path = f"/v1/courses/{_part(course_id)}/similar"
        return self._ask(SimilarResponse, "GET", path, params={"k": k})

    def audience(self, course_id: str, k: int = 100) -> AudienceResponse:
        """Return the participants whom a training fits; for officers."""
        path = f"/v1/courses/{_part(course_id)}/audience"
        return self._ask(AudienceResponse, "POST", path, AudienceRequest(k=k))

    def participant(self, participant_id: str) -> ParticipantHeld:
        """Return a participant's profile."""
        return self._ask(ParticipantHeld, "GET", _person(participant_id))

    def put_participant(self, participant_id: str, facts: Facts) -> ParticipantHeld:
        """Register a participant, or replace the profile."""
        return self._ask(ParticipantHeld, "PUT", _person(participant_id), facts)

    def object_to_profiling(self, participant_id: str, opt_out: bool = True) -> Objection:
        """Note that a participant objects to profiling, or no longer does."""
        path = f"{_person(participant_id)}/profiling"
        return self._ask(Objection, "PUT", path, Objection(opt_out=opt_out))

    def export(self, participant_id: str) -> Export:
        """Return everything that is held of a participant."""
        return self._ask(Export, "GET", f"{_person(participant_id)}/export")

    def forget(self, participant_id: str) -> Erasure:
        """Erase a participant and return the proof."""
        return self._ask(Erasure, "DELETE", _person(participant_id))

    def send(self, events: Sequence[Event]) -> EventsAccepted:
        """Hand over events; a batch whose answer was lost can be sent again."""
        return self._ask(EventsAccepted, "POST", "/v1/events", EventBatch(events=list(events)))

    def model(self) -> ModelCard:
        """Return what the service answers with."""
        return self._ask(ModelCard, "GET", "/v1/model")

    def _ask(
        self,
        answer: type[M],
        method: str,
        path: str,
        body: BaseModel | None = None,
        params: dict[str, Any] | None = None,
    ) -> M:
        content = None if body is None else body.model_dump_json()
        return answer.model_validate_json(self._send(method, path, content, params).content)

    def _send(
        self,
        method: str,
        path: str,
        content: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> httpx.Response:
        headers = {} if content is None else {"Content-Type": "application/json"}
        answer = self._http.request(method, path, content=content, params=params, headers=headers)
        if answer.is_error:
            raise PadanError(Problem.model_validate_json(answer.content))
        return answer


def _person(participant_id: str) -> str:
    return f"/v1/participants/{_part(participant_id)}"


def _part(name: str) -> str:
    return quote(name, safe="")
