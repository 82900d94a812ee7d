"""What the service reads and answers, under the names of its OpenAPI document.

Limits, such as the longest list, are the service's alone: it answers a value beyond them with a problem that
names the field. An answer may hold fields that a newer service has added; they are left out.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Mode = Literal["self_paced", "webinar", "in_person", "hybrid"]
Level = Literal["beginner", "intermediate", "advanced"]
CourseOrder = Literal[
    "course_id", "title", "price_idr", "-price_idr", "duration_hours", "-duration_hours"
]
EventKind = Literal["impression", "click", "purchase", "start", "complete", "rate"]
Gender = Literal["female", "male"]
Education = Literal[
    "none",
    "primary",
    "lower_secondary",
    "upper_secondary",
    "diploma",
    "bachelor",
    "postgraduate",
]
EmploymentStatus = Literal[
    "unemployed",
    "laid_off",
    "employed",
    "self_employed",
    "student",
    "not_in_labour_force",
]


class RequestModel(BaseModel):
    """What the service reads; a misspelt field is refused here."""

    model_config = ConfigDict(extra="forbid")


# Participants


class Profile(RequestModel):
    """What is known of a participant. Everything may be left out; what is missing is not guessed."""

    birth_year: int | None = None
    gender: Gender | None = None
    education: Education | None = None
    employment_status: EmploymentStatus | None = None
    occupation: str | None = Field(None, description="code or name of the work now or last done")
    target_occupation: str | None = Field(
        None, description="the work wished for: its code, its name, or in own words"
    )
    skills: list[str] = Field(default_factory=list, description="skill ids or phrases")
    interests: list[str] = Field(default_factory=list, description="topics, wishes and goals")
    region: str | None = Field(
        None,
        description="kabupaten or kota by code or name; a kecamatan may come before",
        json_schema_extra={"format": "region"},
    )
    rural: bool | None = None
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = Field(None, description="how far they travel")
    disability: bool | None = None
    balance_idr: int | None = Field(
        None, description="remaining balance; left out: the programme's grant"
    )
    groups: list[str] = Field(default_factory=list)
    admitted_on: dt.date | None = Field(None, description="first day in the programme")
    graduated_on: dt.date | None = Field(None, description="day of the last diploma or degree")
    has_device: bool | None = Field(None, description="has a phone or computer to learn with")
    has_connection: bool | None = Field(None, description="has the internet to learn with")


class PastTraining(RequestModel):
    """One thing that a participant did with a training."""

    course_id: str
    kind: EventKind = "complete"
    at: AwareDatetime | None = None


class Participant(Profile):
    """A participant, described for one question: the profile, what they did, whether they object."""

    profiling_opt_out: bool = False
    history: list[PastTraining] = Field(default_factory=list)


class StoredParticipant(Profile):
    """A participant as the service holds them; ``region`` is the code."""

    model_config = ConfigDict(extra="ignore")

    participant_id: str
    profiling_opt_out: bool


class ParticipantWritten(BaseModel):
    """What became of a profile that was sent with others."""

    participant_id: str | None = Field(description="None where it names nobody")
    status: int = Field(description="that of a call of its own")
    problem: Problem | None


class ParticipantsWritten(BaseModel):
    """What became of each profile, in their order."""

    answers: list[ParticipantWritten]


class Objection(BaseModel):
    """Whether a participant objects to profiling."""

    opt_out: bool


class Erasure(BaseModel):
    """Proof that somebody was erased."""

    subject: str = Field(description="salted hash of the id")
    at: dt.datetime
    counts: dict[str, int] = Field(description="rows erased of each table")


class Export(BaseModel):
    """Everything that is held of a participant."""

    participant: StoredParticipant | None
    events: list[dict[str, Any]]
    allocations: list[dict[str, Any]] = Field(
        description="places in allocations of seats, and what came of them"
    )
    audit: list[dict[str, Any]] = Field(
        description="who did what with the data, and what was decided"
    )


# Recommendations


class CourseFilters(RequestModel):
    """What narrows a list or a plan; what is left out does not narrow it."""

    modes: tuple[Mode, ...] = ()
    categories: tuple[str, ...] = ()
    max_price_idr: int | None = None


class ParticipantRequest(RequestModel):
    """A participant, by id or described, and the language of the answer."""

    participant_id: str | None = None
    participant: Participant | None = None
    language: str | None = Field(None, description="left out: the programme's first")


class RecommendationRequest(ParticipantRequest):
    """A participant, by id or described, and how the list is wanted."""

    k: int = 10
    filters: CourseFilters = Field(default_factory=CourseFilters)
    neutral: bool = Field(False, description="use no personal data beyond what eligibility needs")


class BatchRequest(RequestModel):
    """Requests for many participants."""

    requests: list[RecommendationRequest]


class RecommendationReason(BaseModel):
    """Why a training is in the list."""

    code: str
    text: str
    evidence: dict[str, Any]


class NextClass(BaseModel):
    """The class of a training that a person would take: the nearest that can be entered, of these the first."""

    starts_on: dt.date
    ends_on: dt.date
    register_until: dt.date
    region: str | None = Field(description="None online")
    seats_left: int


class Advice(BaseModel):
    """What to do first, or why there is nothing and what would change it."""

    code: str
    text: str
    evidence: dict[str, Any]


class Figures(BaseModel):
    """When and how the numbers of people in reasons are known."""

    until: dt.date | None = Field(description="day of the newest event that was counted")
    simulated: bool
    text: str


class Offer(BaseModel):
    """The same training on another platform."""

    course_id: str
    platform: str
    price_idr: int
    price_text: str


class Item(BaseModel):
    """One recommended training."""

    rank: int
    course_id: str
    title: str
    provider_id: str
    category: str | None
    mode: str
    level: str | None
    language: str | None = Field(description="of teaching")
    price_idr: int
    price_text: str
    also_sold: list[Offer] = Field(
        description="the same training on other platforms, the cheapest first"
    )
    duration_hours: float | None
    weeks: int | None = Field(
        description="from the first day to the last, by dates or by hours a day"
    )
    next_class: NextClass | None = Field(description="None for what may be begun on any day")
    region: str | None = Field(description="where the nearest open class is; None online")
    distance_km: float | None = Field(description="to it; None online and within one's own region")
    waits_for: str | None = Field(
        description="what the person has to do before: training_unfinished or training_unrated; "
        "None for what may be taken now"
    )
    fit: Literal["other", "related", "strong"] = Field(
        description="how well it fits what the participant wrote"
    )
    score: float
    propensity: float = Field(description="probability with which it came to this place")
    reasons: list[RecommendationReason] = Field(
        description="what speaks of the person first; empty where nothing speaks for it"
    )


class Notice(BaseModel):
    """What is said of a list as a whole."""

    code: str
    text: str
    evidence: dict[str, Any]


class RecommendationResponse(BaseModel):
    """A list, and all that is needed to explain and replay it."""

    request_id: str
    bundle_version: str
    programme: str
    day: dt.date
    participant_id: str | None
    neutral: bool
    items: list[Item]
    advice: list[Advice] = Field(
        description="what to do first, or why the list is empty and what would change it"
    )
    figures: Figures
    notice: Notice | None = Field(
        description="said where nothing permitted fits or is related to what was written"
    )
    excluded: dict[str, int] = Field(
        description="where the list is short: how many trainings each rule leaves out"
    )
    degraded: bool = Field(
        description="whether the list is a fallback, or made without asking the store"
    )
    cause: Literal["overload", "store", "fault"] | None = Field(description="of a degraded answer")


class LatestRecommendations(BaseModel):
    """A list of the last run over everybody, as it stands today."""

    request_id: str
    bundle_version: str = Field(description="with which the list was made")
    made_on: dt.date = Field(description="day that the run was for")
    language: str = Field(description="of the texts: that of the run")
    programme: str
    day: dt.date
    participant_id: str | None
    neutral: bool
    items: list[Item]
    advice: list[Advice]
    figures: Figures
    notice: Notice | None
    excluded: dict[str, int]


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str | None = None
    errors: list[FieldProblem] = []


class BatchAnswer(BaseModel):
    """The answer to one of many requests; where there is none, why."""

    answer: RecommendationResponse | None
    problem: Problem | None


class BatchResponse(BaseModel):
    """The answers, in the order of the requests."""

    answers: list[BatchAnswer]


# Eligibility and plans


class EligibilityRequest(ParticipantRequest):
    """Trainings of which it is asked whether this participant may take them."""

    course_ids: list[str]


class Remedy(BaseModel):
    """What would make a training possible."""

    code: str
    text: str
    evidence: dict[str, Any]


class ExclusionReason(BaseModel):
    """Why a training is not possible."""

    code: str
    text: str
    evidence: dict[str, Any]
    remedy: Remedy | None = Field(description="what would change it; None: nothing")


class EligibilityDecision(BaseModel):
    """Whether a training is possible, every reason why not, and what would change it."""

    course_id: str
    title: str
    eligible: bool
    can_become_eligible: bool
    reasons: list[ExclusionReason]


class EligibilityResponse(BaseModel):
    """A decision on each training that was asked about."""

    request_id: str
    bundle_version: str
    programme: str
    day: dt.date
    participant_id: str | None
    courses: list[EligibilityDecision]


class PlanRequest(ParticipantRequest):
    """The best trainings that can be taken one after the other within the balance."""

    max_courses: int = 3
    filters: CourseFilters = CourseFilters()
    neutral: bool = Field(False, description="use no personal data beyond what eligibility needs")


class PlannedItem(Item):
    """One training of a plan, and when it is taken."""

    buy_on: dt.date
    starts_on: dt.date
    ends_on: dt.date


class PlanResponse(BaseModel):
    """Trainings to take one after the other, and when."""

    request_id: str
    bundle_version: str
    programme: str
    day: dt.date
    participant_id: str | None
    neutral: bool
    items: list[PlannedItem] = Field(description="in the order in which to take them")
    hours: float = Field(description="of all together, as far as they are known")
    weeks: int = Field(description="from the first purchase to the last day")
    spent_idr: int
    left_idr: int | None = Field(description="None where the programme sets no balance")
    summary: str | None = Field(description="the whole in one sentence; None for an empty plan")
    advice: list[Advice] = Field(
        description="what to do first, or why the plan is empty and what would change it"
    )
    figures: Figures


# The catalogue


class CourseSummary(BaseModel):
    """A training in a list."""

    course_id: str
    title: str
    provider_id: str
    category: str | None
    mode: str
    level: str | None
    region_code: str | None
    price_idr: int
    duration_hours: float | None


class CourseList(BaseModel):
    """A page of trainings."""

    total: int = Field(description="trainings that the filters leave")
    offset: int
    items: list[CourseSummary]


class LookupItem(BaseModel):
    """What may be chosen; ``code`` is what a profile or filter takes."""

    code: str
    name: str
    group: str | None


class LookupList(BaseModel):
    """What may be chosen: names that begin with what was typed, then those that hold its words."""

    total: int
    items: list[LookupItem]


class SimilarCourse(BaseModel):
    """A training like another."""

    course_id: str
    title: str
    similarity: float = Field(description="cosine of the texts' vectors")


class SimilarResponse(BaseModel):
    """Trainings like one."""

    course_id: str
    items: list[SimilarCourse]


# Events


class Event(RequestModel):
    """One thing that a participant did or was shown."""

    event_id: str
    participant_id: str
    course_id: str
    kind: EventKind
    at: AwareDatetime
    value: float | None = Field(
        None, description="stars for rate, share done for complete, price for purchase"
    )
    request_id: str | None = None
    position: int | None = None
    propensity: float | None = None
    bundle_version: str | None = None


class EventBatch(RequestModel):
    """Events that are taken together or not at all."""

    events: list[Event]


class EventsAccepted(BaseModel):
    """The batch is in the store and will be there after any crash."""

    accepted: int = Field(description="events that are new")
    repeated: int = Field(description="events that were there with the same content")


# For officers


class AudienceRequest(RequestModel):
    """How many participants a training should be offered to."""

    k: int = 100


class AudienceMember(BaseModel):
    """A participant whom a training fits."""

    participant_id: str
    similarity: float = Field(description="cosine of the profile's and the training's vectors")


class AudienceResponse(BaseModel):
    """Participants who may take a training and whom it fits, the best first."""

    course_id: str
    bundle_version: str
    items: list[AudienceMember]


class BoundSettings(RequestModel):
    """Least and most people with a seat, of those of whom all that is named holds."""

    region: str | None = None
    group: str | None = None
    provider: str | None = None
    floor: int = 0
    ceiling: int | None = None


class AllocateSettings(RequestModel):
    """How seats are given to people; every key has a default."""

    objective: Literal["fit", "people", "choices"] = "fit"
    gap: float = 0.01
    method: Literal["auto", "exact", "auction"] = "auto"
    fit: Literal["score", "outcome"] = "score"
    candidates: int = 50
    tiers: list[str] = []
    moving_price: float = 0.0
    max_classes: int = 1
    most_choices: int = 3
    reserved_group: str | None = None
    reserved_share: float = 0.0
    seconds: float | None = None
    bounds: list[BoundSettings] = []


class ClassSeats(RequestModel):
    """A class of the catalogue, and the seats to be given in it."""

    class_id: str
    seats: int


class SeatDecision(RequestModel):
    """What was decided before about a person and a class."""

    participant_id: str
    class_id: str


class AllocationRequest(RequestModel):
    """Who asks for which seats, and how they are given."""

    participant_ids: list[str] | None = None
    classes: list[ClassSeats] | None = None
    accepted: list[SeatDecision] = []
    offered: list[SeatDecision] = []
    refused: list[SeatDecision] = []
    settings: AllocateSettings = AllocateSettings()


class AllocationLottery(BaseModel):
    """What is promised of the lottery before, and its seed afterwards."""

    seed_sha256: str
    entrants: int | None = Field(description="None until everybody is written down")
    entrants_sha256: str | None = Field(description="of the sorted ids")
    seed: str | None = Field(description="None until it has ended")


class AllocationSummary(BaseModel):
    """What came of it as a whole."""

    participants: int
    served: int
    most_people: int = Field(description="no way of giving these seats serves more")
    seats: int
    fit: float = Field(description="of all who have a seat, together")
    value: float = Field(description="by the objective")
    bound: float = Field(description="no way is worth more by the objective")
    gap: float = Field(description="share of the bound that is missing, at most")
    finished: bool = Field(description="False: it was stopped before, and this is the best so far")
    status: dict[str, int] = Field(description="how many have a new seat, keep theirs, are moved")
    unserved: dict[str, int] = Field(description="how many have none, by the reason")


class AllocationBound(BaseModel):
    """A floor or ceiling of the settings, and what came of it."""

    name: str
    floor: int
    ceiling: int | None
    seated: int
    price: float = Field(description="fit that the last person of it costs all others")


class AllocationClass(BaseModel):
    """A class, who sits there, and what one seat more would give."""

    class_id: str
    seats: int
    taken: int
    price: float = Field(description="in fit")
    wished: int = Field(description="people whom it fits best")


class AllocationHead(BaseModel):
    """A job in the list of jobs."""

    allocation_id: str
    created_at: dt.datetime
    status: Literal["waiting", "running", "finished", "cancelled", "failed"]


class AllocationList(BaseModel):
    """The newest jobs, the very newest first."""

    items: list[AllocationHead]


class Allocation(AllocationHead):
    """A job: how far it is, and what came of it."""

    day: dt.date = Field(description="whose rules and dates count")
    bundle_version: str
    stage: str | None = Field(description="people, pairs, floors, seats or rows")
    share: float = Field(description="of the stage that is done")
    lottery: AllocationLottery
    summary: AllocationSummary | None
    bounds: list[AllocationBound]
    classes: list[AllocationClass]
    problem: str | None = Field(description="why it failed")


class AllocationPerson(BaseModel):
    """Where a person sits; or why not, and the class that is nearest to their reach."""

    participant_id: str
    class_id: str | None
    fit: float | None
    status: str | None = Field(description="new, stayed, moved or kept; None without a seat")
    reason: str | None = Field(description="nothing_eligible, price or ceiling")
    nearest_class_id: str | None
    missing: float | None = Field(description="by how much its price is beyond the fit")
    tier: int
    lot: int = Field(description="place in the lottery, from 1")


class AllocationPeople(BaseModel):
    """People of a job in the order of the lottery; none before it has ended."""

    total: int
    offset: int
    items: list[AllocationPerson]


class RefusedBundle(BaseModel):
    """A promoted bundle that the service does not answer with."""

    version: str
    reason: str
    at: dt.datetime


class CandidateBundle(BaseModel):
    """The bundle that a share of the participants gets."""

    version: str
    share: float


class ShadowBundle(BaseModel):
    """The bundle that answers unseen, and how its lists compare with those that were given."""

    version: str
    compared: int
    same: int
    dropped: int = Field(description="lists that there was no time to compare")
    failed: int
    overlap: float | None = Field(description="mean share of trainings that are in both lists")
    rank_biased_overlap: float | None = Field(description="mean; the top of the lists counts most")


class Operations(BaseModel):
    """What goes on beside the bundle that answers."""

    refused: RefusedBundle | None
    candidate: CandidateBundle | None
    shadow: ShadowBundle | None


class ModelCard(BaseModel):
    """What the service answers with."""

    version: str
    created_on: str
    programme: str
    regions: str
    encoder: str
    data: str = Field(description="fingerprint of the dataset it was trained on")
    newest_event: dt.datetime | None = Field(description="newest event of that dataset, UTC")
    simulated: bool = Field(description="whether participants and events were simulated")
    metrics: dict[str, float]
    languages: list[str]
    sources: list[str] = Field(description="behaviour models beside the texts")
    operations: Operations | None = Field(description="for the scope admin; None for others")
