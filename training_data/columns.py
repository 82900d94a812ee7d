"""The table contracts: every column's name, type, unit, enumeration and range, stated once.

``Courses.price_idr.name`` is the column's name and ``Courses.price_idr.col`` its Polars expression, so
no other file spells a column. Validation, and the reason for each refused row, come from dataframely.
"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Final, TypeVar, cast

import dataframely as dy
import polars as pl

MODES: Final = ("self_paced", "webinar", "in_person", "hybrid")
LEVELS: Final = ("beginner", "intermediate", "advanced")
GENDERS: Final = ("female", "male")
EDUCATIONS: Final = (
    "none",
    "primary",
    "lower_secondary",
    "upper_secondary",
    "diploma",
    "bachelor",
    "postgraduate",
)
EMPLOYMENT_STATUSES: Final = (
    "unemployed",
    "laid_off",
    "employed",
    "self_employed",
    "student",
    "not_in_labour_force",
)
EVENT_KINDS: Final = ("impression", "click", "purchase", "start", "complete", "rate")

Schema = TypeVar("Schema", bound=dy.Schema)

MAX_PRICE: Final = 100_000_000
MAX_DURATION_HOURS: Final = 2_000.0
MAX_BALANCE: Final = 10**12
MAX_RADIUS_KM: Final = 20_000.0
MAX_POSITION: Final = 10_000
FIRST_BIRTH_YEAR, LAST_BIRTH_YEAR = 1900, 2100
FIRST_MOMENT: Final = dt.datetime(1901, 1, 1, tzinfo=dt.UTC)
LAST_MOMENT: Final = dt.datetime(2199, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
OWN_EVENT: Final = "shown:"
"""How ids of the events begin that the service makes itself."""

MAX_ID, MAX_PHRASE, MAX_PHRASES = 128, 200, 100

PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
"""One line without control characters: PostgreSQL refuses some of them, people none."""

SAYS_SOMETHING: Final = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f]*$"
"""The same, with a character that is seen."""

PLAIN_IN_A_PATH: Final = r"^\.*[^\x00-\x1f\x7f/.][^\x00-\x1f\x7f/]*$"
"""The same for what stands in an address: without a slash, and not of dots alone."""


def _id(*, primary_key: bool = False, description: str | None = None) -> dy.String:
    """Return a column of ids by which the service is asked."""
    return dy.String(
        primary_key=primary_key,
        min_length=1,
        max_length=MAX_ID,
        regex=PLAIN_IN_A_PATH,
        description=description,
    )


def _key(*, nullable: bool = False, primary_key: bool = False) -> dy.String:
    """Return a column of ids by which nobody asks."""
    return dy.String(
        nullable=nullable, primary_key=primary_key, min_length=1, max_length=MAX_ID, regex=PLAIN
    )


def _phrase(description: str | None = None, *, nullable: bool = True) -> dy.String:
    """Return a column of names and short texts of one line."""
    return dy.String(
        nullable=nullable,
        min_length=1,
        max_length=MAX_PHRASE,
        regex=PLAIN,
        description=description,
    )


def _phrases(description: str) -> dy.List:
    """Return a column of what a person says of themselves."""
    return dy.List(_phrase(nullable=False), max_length=MAX_PHRASES, description=description)


def _skills(description: str) -> dy.List:
    """Return a column of what a training or an advertisement names; such texts may be long."""
    return dy.List(dy.String(min_length=1, regex=PLAIN), description=description)


class Courses(dy.Schema):
    """One training a row. ``courses.parquet``."""

    course_id = _id(primary_key=True)
    title = dy.String(min_length=1, max_length=500, regex=PLAIN)
    description = dy.String(nullable=True, max_length=20_000)
    provider_id = _phrase("Who teaches", nullable=False)
    platform = _phrase("Who sells; may own the provider")
    category = _phrase("The programme's topic")
    skills = _skills("Skill ids, or phrases, that are taught")
    level = dy.Enum(LEVELS, nullable=True)
    mode = dy.Enum(MODES)
    region_code = dy.String(
        nullable=True, max_length=32, description="Code in the dataset's region pack"
    )
    latitude = dy.Float64(nullable=True, min=-90, max=90, description="degrees north")
    longitude = dy.Float64(nullable=True, min=-180, max=180, description="degrees east")
    price_idr = dy.Int64(
        min=0, max=MAX_PRICE, description="in the programme's currency (IDR at home)"
    )
    duration_hours = dy.Float64(
        nullable=True, min_exclusive=0, max=MAX_DURATION_HOURS, description="hours of teaching"
    )
    language = dy.String(nullable=True, max_length=16, description="ISO 639-1 language of teaching")
    rating_mean = dy.Float64(nullable=True, min=0, max=5, description="stars")
    rating_count = dy.Int64(nullable=True, min=0)
    placement_rate = dy.Float64(
        nullable=True, min=0, max=1, description="share of graduates placed in work"
    )
    placement_count = dy.Int64(nullable=True, min=0, description="graduates behind placement_rate")
    completion_rate = dy.Float64(nullable=True, min=0, max=1, description="share that finished")
    completion_count = dy.Int64(nullable=True, min=0, description="takers behind completion_rate")
    gain_mean = dy.Float64(
        nullable=True, min=-1, max=1, description="test after less test before, in full marks"
    )
    gain_count = dy.Int64(nullable=True, min=0, description="pairs of tests behind gain_mean")
    refund_rate = dy.Float64(nullable=True, min=0, max=1, description="share that got it back")
    refund_count = dy.Int64(nullable=True, min=0, description="purchases behind refund_rate")
    minimum_education = dy.Enum(
        EDUCATIONS, nullable=True, description="least schooling that the training itself asks for"
    )
    needs_device = dy.Bool(nullable=True, description="one needs a phone or computer of one's own")
    needs_connection = dy.Bool(nullable=True, description="one needs the internet")
    available_from = dy.Date(nullable=True)
    available_until = dy.Date(nullable=True)
    prerequisites = dy.List(_id(), description="course_id of each training needed first")

    @dy.rule()
    def dates_in_order(cls) -> pl.Expr:  # noqa: N805
        return cls.available_from.col <= cls.available_until.col


class Participants(dy.Schema):
    """One person a row, under a pseudonymous id. ``participants.parquet``."""

    participant_id = _id(primary_key=True)
    birth_year = dy.Int32(nullable=True, min=FIRST_BIRTH_YEAR, max=LAST_BIRTH_YEAR)
    gender = dy.Enum(GENDERS, nullable=True)
    education = dy.Enum(EDUCATIONS, nullable=True)
    employment_status = dy.Enum(EMPLOYMENT_STATUSES, nullable=True)
    occupation = _phrase("Occupation code or phrase, now or last held")
    target_occupation = _phrase("Occupation code or phrase wished for")
    skills = _phrases("Skill ids or phrases")
    interests = _phrases("Topics or phrases")
    region_code = dy.String(nullable=True, max_length=32, regex=PLAIN)
    rural = dy.Bool(nullable=True)
    latitude = dy.Float64(
        nullable=True, min=-90, max=90, description="degrees north; null: the region's"
    )
    longitude = dy.Float64(
        nullable=True, min=-180, max=180, description="degrees east; null: the region's"
    )
    radius_km = dy.Float64(
        nullable=True,
        min=0,
        max=MAX_RADIUS_KM,
        description="how far the person travels; null: by rule",
    )
    disability = dy.Bool(
        nullable=True, description="Specific personal data: eligibility and support only"
    )
    balance_idr = dy.Int64(
        nullable=True,
        min=0,
        max=MAX_BALANCE,
        description="in the programme's currency; null: the programme's grant",
    )
    groups = _phrases("Groups that the programme names")
    admitted_on = dy.Date(nullable=True, description="first day in the programme")
    graduated_on = dy.Date(nullable=True, description="day of the last diploma or degree")
    has_device = dy.Bool(nullable=True, description="has a phone or computer to learn with")
    has_connection = dy.Bool(nullable=True, description="has the internet to learn with")
    profiling_opt_out = dy.Bool()


class Interactions(dy.Schema):
    """One event a row. ``interactions.parquet``."""

    event_id = _key(primary_key=True)
    participant_id = _id()
    course_id = _id()
    kind = dy.Enum(EVENT_KINDS)
    at = dy.Datetime(time_zone="UTC", time_unit="us", min=FIRST_MOMENT, max=LAST_MOMENT)
    value = dy.Float64(
        nullable=True, description="stars for rate, share done for complete, price for purchase"
    )
    request_id = _key(nullable=True)
    position = dy.Int32(
        nullable=True, min=1, max=MAX_POSITION, description="place in the list shown, from 1"
    )
    propensity = dy.Float64(
        nullable=True, min_exclusive=0, max=1, description="probability of being shown there"
    )
    bundle_version = _key(nullable=True)


class Classes(dy.Schema):
    """One dated session of a training a row. ``classes.parquet``, optional."""

    class_id = _key(primary_key=True)
    course_id = _id()
    region_code = dy.String(nullable=True, max_length=32, regex=PLAIN)
    latitude = dy.Float64(nullable=True, min=-90, max=90, description="degrees north")
    longitude = dy.Float64(nullable=True, min=-180, max=180, description="degrees east")
    starts_on = dy.Date()
    ends_on = dy.Date()
    seats = dy.Int32(min=0)
    seats_left = dy.Int32(min=0)
    registration_from = dy.Date(nullable=True, description="null: by rule")
    registration_until = dy.Date(nullable=True, description="last day; null: by rule")

    @dy.rule()
    def dates_in_order(cls) -> pl.Expr:  # noqa: N805
        return cls.starts_on.col <= cls.ends_on.col

    @dy.rule()
    def registration_in_order(cls) -> pl.Expr:  # noqa: N805
        return cls.registration_from.col <= cls.registration_until.col

    @dy.rule()
    def seats_left_within_seats(cls) -> pl.Expr:  # noqa: N805
        return cls.seats_left.col <= cls.seats.col


class Vacancies(dy.Schema):
    """One job advertisement a row. ``vacancies.parquet``, optional."""

    vacancy_id = _key(primary_key=True)
    title = dy.String(min_length=1, max_length=500, regex=PLAIN)
    description = dy.String(nullable=True, max_length=20_000)
    occupation = _phrase("Occupation code or group")
    skills = _skills("Skill ids or phrases")
    region_code = dy.String(nullable=True, max_length=32, regex=PLAIN)
    openings = dy.Int32(min=0)
    applicants = dy.Int32(nullable=True, min=0)
    posted_on = dy.Date(nullable=True)


TABLES: Final[dict[str, type[dy.Schema]]] = {
    "courses": Courses,
    "participants": Participants,
    "interactions": Interactions,
    "classes": Classes,
    "vacancies": Vacancies,
}
"""The tables of a dataset by name; each is the file ``NAME.parquet``."""


def bind_columns(table: type[Schema]) -> type[Schema]:
    """Return the columns of a contract under their names, for what a request waits for.

    A contract itself looks a column up in 5 microseconds.
    """
    return cast(type[Schema], SimpleNamespace(**table.columns()))


def complete_columns(table: type[dy.Schema], rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of a contract that may be empty and are absent, as nulls."""
    absent = [
        pl.lit(None, column.dtype).alias(name)
        for name, column in table.columns().items()
        if column.nullable and name not in rows.columns
    ]
    return rows.with_columns(absent)
