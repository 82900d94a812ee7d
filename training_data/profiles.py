"""A participant's profile as people and portals write it, and the tables that the engine reads.

The same model checks a profile file of the command line and a request of the service.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from training_data.arrays import Columns
from training_data.columns import (
    EDUCATIONS,
    EMPLOYMENT_STATUSES,
    EVENT_KINDS,
    FIRST_BIRTH_YEAR,
    GENDERS,
    LAST_BIRTH_YEAR,
    MAX_BALANCE,
    MAX_ID,
    MAX_PHRASE,
    MAX_PHRASES,
    MAX_RADIUS_KM,
    PLAIN,
    PLAIN_IN_A_PATH,
    SAYS_SOMETHING,
    Interactions,
    Participants,
)
from training_data.regions import RegionTable

SCHEMA = Participants.create_empty().schema
EVENTS_SCHEMA = Interactions.create_empty().schema
OUR_TIME = re.compile("^(19(0[2-9]|[1-9][0-9])|20[0-9]{2}|21([0-8][0-9]|9[0-8]))-[0-9]{2}-[0-9]{2}")

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=PLAIN)]
ParticipantId = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=PLAIN_IN_A_PATH)
]
Phrase = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAX_PHRASE, pattern=SAYS_SOMETHING
    ),
]
Phrases = Annotated[list[Phrase], Field(max_length=MAX_PHRASES)]


def _to_integer(number: object) -> object:
    """Return 50 for 50.0: in JSON they are one number."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = BeforeValidator(_to_integer)  # behind the limits, which the schema would not have otherwise


def _in_our_time(written: object) -> object:
    """Refuse what is no date of our time, such as seconds since 1970, which may mean anything."""
    if isinstance(written, dt.datetime) or (isinstance(written, str) and OUR_TIME.match(written)):
        return written
    raise ValueError("not a moment of the years 1902 to 2198, as in 2026-02-24T09:30:00+07:00")


def _to_utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    BeforeValidator(_in_our_time),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": OUR_TIME.pattern}),
]


class PastTraining(BaseModel):
    """One thing that the participant did with a training."""

    model_config = ConfigDict(extra="forbid")

    course_id: Identifier
    kind: Literal[EVENT_KINDS] = "complete"  # type: ignore[valid-type]
    at: Moment | None = None


class Profile(BaseModel):
    """What is known of a participant. Everything may be left out; what is missing is not guessed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "region": "Kota Kupang",
                "birth_year": 1995,
                "gender": "female",
                "education": "upper_secondary",
                "employment_status": "unemployed",
                "skills": ["memasak"],
                "interests": ["jualan camilan lewat internet"],
                "balance_idr": 1500000,
            }
        },
    )

    birth_year: (
        Annotated[StrictInt, Field(ge=FIRST_BIRTH_YEAR, le=LAST_BIRTH_YEAR), WHOLE] | None
    ) = None
    gender: Literal[GENDERS] | None = None  # type: ignore[valid-type]
    education: Literal[EDUCATIONS] | None = None  # type: ignore[valid-type]
    employment_status: Literal[EMPLOYMENT_STATUSES] | None = None  # type: ignore[valid-type]
    occupation: Phrase | None = Field(None, description="code or name of the work now or last done")
    target_occupation: Phrase | None = Field(
        None, description="the work wished for: its code, its name, or in own words"
    )
    skills: Phrases = Field(default_factory=list, description="skill ids or phrases")
    interests: Phrases = Field(default_factory=list, description="topics, wishes and goals")
    region: Phrase | None = Field(
        None,
        description="kabupaten or kota by code or name; a kecamatan may come before",
        json_schema_extra={"format": "region"},  # what no schema can say; forms find one by name
    )
    rural: StrictBool | None = None
    latitude: Annotated[StrictFloat, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[StrictFloat, Field(ge=-180, le=180)] | None = None
    radius_km: Annotated[StrictFloat, Field(ge=0, le=MAX_RADIUS_KM)] | None = Field(
        None, description="how far you travel"
    )
    disability: StrictBool | None = None
    balance_idr: Annotated[StrictInt, Field(ge=0, le=MAX_BALANCE), WHOLE] | None = Field(
        None, description="remaining balance; left out: the programme's grant"
    )
    groups: Phrases = Field(default_factory=list)
    admitted_on: dt.date | None = Field(None, description="first day in the programme")
    graduated_on: dt.date | None = Field(None, description="day of the last diploma or degree")
    has_device: StrictBool | None = Field(None, description="has a phone or computer to learn with")
    has_connection: StrictBool | None = Field(None, description="has the internet to learn with")


class Participant(Profile):
    """A participant, described for one question: the facts, what they did, and whether they object."""

    profiling_opt_out: StrictBool = False
    history: Annotated[list[PastTraining], Field(max_length=1000)] = Field(default_factory=list)


class ProfileError(ValueError):
    """A profile that is well-formed but names something unknown.

    Attributes
    ----------
    field : str
        The profile's field.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class ParticipantRows:
    """One participant's row of the Participants contract, and rows of the Interactions contract."""

    profile: tuple[Any, ...]
    events: list[tuple[Any, ...]]


def to_tables(
    profiles: Sequence[Participant], ids: Sequence[str], regions: RegionTable
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the profiles as rows of the Participants and of the Interactions contract.

    Raises
    ------
    ProfileError
        If a region is not found; the message names close ones.
    """
    return to_frames(
        [
            to_rows(profile, participant_id, regions)
            for profile, participant_id in zip(profiles, ids, strict=True)
        ]
    )


def to_columns(people: Sequence[ParticipantRows]) -> tuple[Columns, Columns]:
    """Return rows as plain columns of the Participants and the Interactions contract.

    For a few people the engine reads them much sooner than frames.
    """
    profiles = [one.profile for one in people]
    events = [event for one in people for event in one.events]
    return _by_name(SCHEMA, profiles), _by_name(EVENTS_SCHEMA, events)


def _by_name(names: Collection[str], rows: Sequence[tuple[Any, ...]]) -> Columns:
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return dict(zip(names, columns, strict=True))


def to_frames(people: Sequence[ParticipantRows]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows as frames of the Participants and the Interactions contract."""
    return (
        pl.DataFrame([one.profile for one in people], schema=SCHEMA, orient="row"),
        pl.DataFrame(
            [event for one in people for event in one.events], schema=EVENTS_SCHEMA, orient="row"
        ),
    )


def to_rows(profile: Participant, participant_id: str, regions: RegionTable) -> ParticipantRows:
    """Return a profile as rows of the contracts; past trainings without a date keep their order.

    Raises
    ------
    ProfileError
        If a region is not found; the message names close ones.
    """
    row = to_row(profile, participant_id, regions)
    start = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    events = [
        {
            "event_id": f"{participant_id}:{number}",
            "participant_id": participant_id,
            "course_id": past.course_id,
            "kind": past.kind,
            "at": past.at or start + dt.timedelta(seconds=number),
        }
        for number, past in enumerate(profile.history)
    ]
    return ParticipantRows(
        tuple(row[name] for name in SCHEMA),
        [tuple(event.get(name) for name in EVENTS_SCHEMA) for event in events],
    )


def to_row(facts: Profile, participant_id: str, regions: RegionTable) -> dict[str, Any]:
    """Return the facts as a row of the Participants contract.

    Raises
    ------
    ProfileError
        If a region is not found; the message names close ones.
    """
    row = facts.model_dump(exclude={"region", "history"}) | {
        "participant_id": participant_id,
        "region_code": None,
    }
    if facts.region is None:
        return row
    try:
        found = regions.locate(facts.region)
    except LookupError as error:
        raise ProfileError("region", str(error)) from error
    row["region_code"] = found.code
    if (
        facts.latitude is None and facts.longitude is None
    ):  # the district says where, if it was named
        row |= {"latitude": found.latitude, "longitude": found.longitude}
    return row
