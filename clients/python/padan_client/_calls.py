"""The calls of the service: each described once, for the blocking and the asynchronous client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from padan_client._errors import read_error
from padan_client.models import (
    AllocateSettings,
    Allocation,
    AllocationList,
    AllocationPeople,
    AllocationRequest,
    AudienceRequest,
    AudienceResponse,
    BatchRequest,
    BatchResponse,
    ClassSeats,
    CourseFilters,
    CourseList,
    CourseOrder,
    EligibilityRequest,
    EligibilityResponse,
    Erasure,
    Event,
    EventBatch,
    EventsAccepted,
    Export,
    LatestRecommendations,
    Level,
    LookupList,
    Mode,
    ModelCard,
    Objection,
    Participant,
    ParticipantsWritten,
    PlanRequest,
    PlanResponse,
    Profile,
    RecommendationRequest,
    RecommendationResponse,
    SeatDecision,
    SimilarResponse,
    StoredParticipant,
)

A = TypeVar("A")
Method = Literal["GET", "PUT", "PATCH", "POST", "DELETE"]
COURSE = "/v1/courses/{course_id}"
PARTICIPANT = "/v1/participants/{participant_id}"
ALLOCATIONS = "/v1/allocations"
ALLOCATION = "/v1/allocations/{allocation_id}"


@dataclass(frozen=True)
class Call(Generic[A]):
    """One call.

    Attributes
    ----------
    answer : type
        What is read from the answer.
    path : str
        As the OpenAPI document writes it, with the names of ``ids`` in braces.
    query : mapping
        Parameters; None is left out.
    lines : str, optional
        In place of ``body``: an object of JSON a line.
    """

    answer: type[A]
    method: Method
    path: str
    body: BaseModel | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str | int | None] = field(default_factory=dict)
    lines: str | None = None

    def build_request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request that ``http`` is to send."""
        url = self.path.format_map({name: _quote(value) for name, value in self.ids.items()})
        query = {name: value for name, value in self.query.items() if value is not None}
        if self.lines is not None:
            headers = {"Content-Type": "application/x-ndjson"}
            return http.build_request(
                self.method, url, params=query, content=self.lines, headers=headers
            )
        if self.body is None:
            return http.build_request(self.method, url, params=query)
        partial = self.method == "PATCH"
        content = self.body.model_dump_json(exclude_none=not partial, exclude_unset=partial)
        headers = {"Content-Type": "application/json"}
        return http.build_request(self.method, url, params=query, content=content, headers=headers)

    def read(self, response: httpx.Response) -> A:
        """Return what the service answered.

        Raises
        ------
        PadanError
            If it answered with a problem.
        """
        if not response.is_success:
            raise read_error(response)
        return TypeAdapter(self.answer).validate_json(response.content)


def _quote(name: str) -> str:
    """Return a name as a part of a path; a name of dots alone would otherwise lead to another path."""
    return quote(name, safe="").replace(".", "%2E")


def recommend(
    *,
    participant_id: str | None = None,
    participant: Participant | None = None,
    k: int = 10,
    filters: CourseFilters | None = None,
    neutral: bool = False,
    language: str | None = None,
) -> Call[RecommendationResponse]:
    """Recommend trainings to one participant.

    Parameters
    ----------
    participant_id : str, optional
        Of a participant whom the service holds.
    participant : Participant, optional
        The participant described, in place of the id.
    k : int
        Length of the list.
    filters : CourseFilters, optional
        What narrows the list.
    neutral : bool
        Use no personal data beyond what eligibility needs.
    language : str, optional
        Of the reasons; by default the programme's first.
    """
    request = RecommendationRequest(
        participant_id=participant_id,
        participant=participant,
        k=k,
        filters=filters or CourseFilters(),
        neutral=neutral,
        language=language,
    )
    return Call(RecommendationResponse, "POST", "/v1/recommendations", request)


def latest(participant_id: str) -> Call[LatestRecommendations]:
    """Return the list of the last run over everybody, without what may no longer be taken."""
    ids = {"participant_id": participant_id}
    return Call(LatestRecommendations, "GET", f"{PARTICIPANT}/recommendations/latest", ids=ids)


def recommend_many(requests: Sequence[RecommendationRequest]) -> Call[BatchResponse]:
    """Recommend trainings to many participants: each is answered with a list or with a problem.

    Parameters
    ----------
    requests : sequence of RecommendationRequest
        Up to 1,000.
    """
    batch = BatchRequest(requests=list(requests))
    return Call(BatchResponse, "POST", "/v1/recommendations:batch", batch)


def eligibility(
    *,
    course_ids: Sequence[str],
    participant_id: str | None = None,
    participant: Participant | None = None,
    language: str | None = None,
) -> Call[EligibilityResponse]:
    """Say whether one participant may take trainings: every reason why not, and what would change it.

    Parameters
    ----------
    course_ids : sequence of str
        The trainings.
    participant_id : str, optional
        Of a participant whom the service holds.
    participant : Participant, optional
        The participant described, in place of the id.
    language : str, optional
        Of the reasons; by default the programme's first.
    """
    request = EligibilityRequest(
        course_ids=list(course_ids),
        participant_id=participant_id,
        participant=participant,
        language=language,
    )
    return Call(EligibilityResponse, "POST", "/v1/eligibility", request)


def plan(
    *,
    participant_id: str | None = None,
    participant: Participant | None = None,
    max_courses: int = 3,
    filters: CourseFilters | None = None,
    neutral: bool = False,
    language: str | None = None,
) -> Call[PlanResponse]:
    """Plan the best trainings that can be taken one after the other within the balance.

    Parameters
    ----------
    participant_id : str, optional
        Of a participant whom the service holds.
    participant : Participant, optional
        The participant described, in place of the id.
    max_courses : int
        Length of the plan, at most.
    filters : CourseFilters, optional
        What narrows the plan.
    neutral : bool
        Use no personal data beyond what eligibility needs.
    language : str, optional
        Of the reasons; by default the programme's first.
    """
    request = PlanRequest(
        participant_id=participant_id,
        participant=participant,
        max_courses=max_courses,
        filters=filters or CourseFilters(),
        neutral=neutral,
        language=language,
    )
    return Call(PlanResponse, "POST", "/v1/plans", request)


def courses(
    *,
    search: str | None = None,
    category: str | None = None,
    provider_id: str | None = None,
    region_code: str | None = None,
    language: str | None = None,
    mode: Mode | None = None,
    level: Level | None = None,
    max_price_idr: int | None = None,
    sort: CourseOrder = "course_id",
    offset: int = 0,
    limit: int = 50,
) -> Call[CourseList]:
    """List trainings, a page at a time.

    Parameters
    ----------
    search : str, optional
        Words that stand in title or description, or the beginnings of such.
    category, provider_id, region_code, language, mode, level, max_price_idr : optional
        What else narrows the list.
    sort : str
        ``-`` before it: the most first.
    offset : int
        Trainings before the page.
    limit : int
        Trainings on the page, at most.
    """
    query = {
        "search": search,
        "category": category,
        "provider_id": provider_id,
        "region_code": region_code,
        "language": language,
        "mode": mode,
        "level": level,
        "max_price_idr": max_price_idr,
        "sort": sort,
        "offset": offset,
        "limit": limit,
    }
    return Call(CourseList, "GET", "/v1/courses", query=query)


def regions(search: str | None = None, limit: int = 20) -> Call[LookupList]:
    """List the regions that a profile may name, by what was typed of a name."""
    return _look_up("/v1/regions", search, limit)


def categories(search: str | None = None, limit: int = 20) -> Call[LookupList]:
    """List the catalogue's categories, by what was typed of a name."""
    return _look_up("/v1/categories", search, limit)


def skills(search: str | None = None, limit: int = 20) -> Call[LookupList]:
    """List skills, by what was typed of a name."""
    return _look_up("/v1/skills", search, limit)


def occupations(search: str | None = None, limit: int = 20) -> Call[LookupList]:
    """List occupations, by what was typed of a name."""
    return _look_up("/v1/occupations", search, limit)


def _look_up(path: str, search: str | None, limit: int) -> Call[LookupList]:
    return Call(LookupList, "GET", path, query={"search": search, "limit": limit})


def course(course_id: str) -> Call[dict[str, Any]]:
    """Return one training as it stands in the catalogue, and what outcomes say of its quality."""
    return Call(dict[str, Any], "GET", COURSE, ids={"course_id": course_id})


def similar(course_id: str, k: int = 10) -> Call[SimilarResponse]:
    """Return the ``k`` trainings most like one."""
    ids = {"course_id": course_id}
    return Call(SimilarResponse, "GET", f"{COURSE}/similar", ids=ids, query={"k": k})


def audience(course_id: str, k: int = 100) -> Call[AudienceResponse]:
    """Return up to ``k`` participants who may take a training and whom it fits; for officers."""
    ids = {"course_id": course_id}
    return Call(AudienceResponse, "POST", f"{COURSE}/audience", AudienceRequest(k=k), ids)


def allocate(
    *,
    participant_ids: Sequence[str] | None = None,
    classes: Sequence[ClassSeats] | None = None,
    accepted: Sequence[SeatDecision] = (),
    offered: Sequence[SeatDecision] = (),
    refused: Sequence[SeatDecision] = (),
    settings: AllocateSettings | None = None,
) -> Call[Allocation]:
    """Ask for people to be given seats; it goes on by itself, ask for it again by its id.

    Parameters
    ----------
    participant_ids : sequence of str, optional
        Who takes part; by default everybody whom the service holds.
    classes : sequence of ClassSeats, optional
        By default all of the catalogue, with the seats that are left.
    accepted, offered, refused : sequence of SeatDecision
        Seats that are kept, places that may be moved at a price, and what is not offered again.
    settings : AllocateSettings, optional
        How seats are given.
    """
    request = AllocationRequest(
        participant_ids=None if participant_ids is None else list(participant_ids),
        classes=None if classes is None else list(classes),
        accepted=list(accepted),
        offered=list(offered),
        refused=list(refused),
        settings=settings or AllocateSettings(),
    )
    return Call(Allocation, "POST", ALLOCATIONS, request)


def allocations() -> Call[AllocationList]:
    """Return the newest hundred allocations, the very newest first."""
    return Call(AllocationList, "GET", ALLOCATIONS)


def allocation(allocation_id: str) -> Call[Allocation]:
    """Return how far an allocation is, and what came of it."""
    return Call(Allocation, "GET", ALLOCATION, ids={"allocation_id": allocation_id})


def allocation_people(
    allocation_id: str, *, offset: int = 0, limit: int = 1_000
) -> Call[AllocationPeople]:
    """Return who sits where, and why others do not, in the order of the lottery."""
    ids = {"allocation_id": allocation_id}
    query = {"offset": offset, "limit": limit}
    return Call(AllocationPeople, "GET", f"{ALLOCATION}/people", ids=ids, query=query)


def cancel_allocation(allocation_id: str) -> Call[Allocation]:
    """End an allocation: one that runs gives the best that it has by then."""
    return Call(Allocation, "POST", f"{ALLOCATION}/cancel", ids={"allocation_id": allocation_id})


def participant(participant_id: str) -> Call[StoredParticipant]:
    """Return a participant's profile."""
    return Call(StoredParticipant, "GET", PARTICIPANT, ids={"participant_id": participant_id})


def put_participant(participant_id: str, profile: Profile) -> Call[StoredParticipant]:
    """Register a participant, or replace the profile; an objection to profiling stays as it was."""
    ids = {"participant_id": participant_id}
    return Call(StoredParticipant, "PUT", PARTICIPANT, profile, ids)


def put_participants(profiles: Mapping[str, Profile]) -> Call[ParticipantsWritten]:
    """Register up to 10,000 participants, or replace their profiles, by their ids; each is answered by itself."""
    lines = "".join(
        json.dumps(profile.model_dump(mode="json", exclude_none=True) | {"participant_id": name})
        + "\n"
        for name, profile in profiles.items()
    )
    return Call(ParticipantsWritten, "POST", "/v1/participants:batch", lines=lines)


def patch_participant(participant_id: str, profile: Profile) -> Call[StoredParticipant]:
    """Change the fields that were given to ``profile``, and no others; None empties a field."""
    ids = {"participant_id": participant_id}
    return Call(StoredParticipant, "PATCH", PARTICIPANT, profile, ids)


def object_to_profiling(participant_id: str, opt_out: bool = True) -> Call[Objection]:
    """Note that a participant objects to profiling, or no longer does."""
    ids = {"participant_id": participant_id}
    return Call(Objection, "PUT", f"{PARTICIPANT}/profiling", Objection(opt_out=opt_out), ids)


def export(participant_id: str) -> Call[Export]:
    """Return everything that is held of a participant."""
    return Call(Export, "GET", f"{PARTICIPANT}/export", ids={"participant_id": participant_id})


def forget(participant_id: str) -> Call[Erasure]:
    """Erase a participant and return the proof; who is erased already is not found (404)."""
    return Call(Erasure, "DELETE", PARTICIPANT, ids={"participant_id": participant_id})


def send(events: Sequence[Event]) -> Call[EventsAccepted]:
    """Hand over up to 1,000 events, all or none; an event that is sent again is kept once."""
    return Call(EventsAccepted, "POST", "/v1/events", EventBatch(events=list(events)))


def model() -> Call[ModelCard]:
    """Return what the service answers with: bundle, rules, regions, data and figures."""
    return Call(ModelCard, "GET", "/v1/model")
