"""Small random worlds under the contracts: a catalogue with classes, participants, what they did, and rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import polars as pl

from recommender.catalogue.catalogue import Catalogue, build_catalogue
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.query import EligibilityQuery
from recommender.objective import DEFAULT, Objective
from recommender.participants.batch import Vocabularies
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.reader import ParticipantReader
from training_data.columns import (
    EDUCATIONS,
    EMPLOYMENT_STATUSES,
    GENDERS,
    LEVELS,
    MODES,
    TABLES,
)
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import load_programme
from training_data.programmes.rules import RulesInForce
from training_data.regions import RegionTable
from training_data.skills.loading import load_skills

DAY = dt.date(2024, 6, 15)
REGIONS = (
    "31.71",
    "31.72",
    "31.01",
    "53.71",
    "53.01",
    "91.71",
    "91.03",
    "51.71",
    "81.01",
    "81.71",
    "94.05",
    "94.02",
)
DAYS = tuple(DAY + dt.timedelta(days=n) for n in (-40, -1, 0, 1, 2, 40))
GRADUATIONS = (dt.date(1969, 7, 1), *(dt.date(2023, 6, day) for day in (14, 15, 16)))
WORK = ("police", "Anggota  POLRI", "juru-masak", "Koki", "5120", "0111", "military", "penyair")

# What each kind of rule may be, beside not being there at all.
CHOICES: dict[str, list[dict[str, Any]]] = {
    "age": [{"minimum": 18, "maximum": 64}, {"minimum": 34, "maximum": 34}, {"minimum": 18}],
    "excluded_status": [{"statuses": ["student"]}, {"statuses": ["employed", "laid_off"]}],
    "excluded_occupation": [
        {"occupations": ["police", "anggota polri"], "codes": ["0"]},
        {"occupations": ["juru-masak"]},
        {"occupations": ["nothing"], "codes": ["5"]},
    ],
    "grant": [{"amount": 3_500_000}, {"amount": 0}],
    "own_payment": [{"top_up": True}, {"top_up": False}, {"share": 200_000.5, "top_up": True}],
    "price_ceiling": [
        {"amount": 900_000},
        {"amount": 1_000_000},
        {"amount": 900_001, "by_category": {"teknik": 300_000}},
        {"by_category": {"Keuangan": 500_000}},
    ],
    "one_at_a_time": [{"rating_required": True}, {"rating_required": False}],
    "first_purchase": [{"within_days": 1}, {"within_days": 40}],
    "next_purchase": [{"within_days": 15}, {"within_days": 106}],
    "once": [{}],
    "choices": [{"most": 1}, {"most": 3}],
    "graduation": [{"earliest_year": 2023}, {"within_years": 1}],
    "duration": [{"minimum_hours": 6}, {"minimum_hours": 15}],
    "hours_per_day": [{"hours": {"webinar": 3, "in_person": 8}}, {"hours": {"hybrid": 5}}],
    "modes": [{"allowed": ["webinar", "in_person"]}, {"allowed": ["self_paced", "hybrid"]}],
    "languages": [{"allowed": ["id"]}, {"allowed": ["id", "en"]}],
    "minimum_education": [
        {"education": {"intermediate": "primary", "advanced": "diploma"}},
        {"any_level": "upper_secondary", "education": {"advanced": "bachelor"}},
    ],
    "priority_groups": [{"groups": ["fishers"], "genders": ["female"]}, {"groups": ["fishers"]}],
    "registration": [
        {"closes_days_before": 0},
        {"closes_days_before": 1, "opens_days_before": 1},
        {"closes_days_before": 2, "opens_days_before": 30},
    ],
    "class_dates": [{"last_day": dt.date(2024, 6, 17)}, {"last_day": dt.date(2024, 12, 15)}],
    "reach": [
        {"urban_km": 40, "rural_km": 60, "sea_crossing_km": 60, "neighbour_km": 20},
        {"urban_km": 10, "rural_km": 3000, "sea_crossing_km": 500},
    ],
}


@dataclass(frozen=True)
class World:
    """Tables, what they refer to, and the rules."""

    courses: pl.DataFrame
    classes: pl.DataFrame
    participants: pl.DataFrame
    events: pl.DataFrame
    vocabularies: Vocabularies
    rules: RulesInForce

    def catalogue(self) -> Catalogue:
        regions, skills = self.vocabularies.regions, self.vocabularies.skills
        return build_catalogue(self.courses, self.classes, regions, skills)

    def prepare(self, catalogue: Catalogue, objective: Objective = DEFAULT) -> PreparedParticipants:
        reader = ParticipantReader(self.vocabularies, "id")
        return reader.read(self.participants, self.events, catalogue, self.rules, objective)

    def query(self) -> EligibilityQuery:
        catalogue = self.catalogue()
        return EligibilityQuery(self.prepare(catalogue).batch, Availability(catalogue, self.rules))


def random_world(seed: int, n_courses: int = 20, n_participants: int = 8) -> World:
    """Return a world in which every rule has something to forbid."""
    rng = Random(seed)  # noqa: S311
    courses = [_course(rng, number) for number in range(n_courses)]
    participants = [_participant(rng, number) for number in range(n_participants)]
    return World(
        table("courses", courses),
        table("classes", [_class(rng, number, courses) for number in range(n_courses)]),
        table("participants", participants),
        table(
            "interactions", [_event(rng, n, participants, courses) for n in range(n_participants)]
        ),
        load_vocabularies(),
        random_rules(rng),
    )


def random_rules(rng: Random) -> RulesInForce:
    """Return the programme's own rules, or any other set of rules."""
    if rng.random() < 0.3:
        return load_rules("prakerja-2024")
    head = {"valid_from": dt.date(2024, 1, 1), "source": "test"}
    chosen = {
        kind: {"kind": kind, **head, **rng.choice(bodies)}
        for kind, bodies in CHOICES.items()
        if rng.random() < 0.5
    }
    return RulesInForce.model_validate({"day": DAY, **chosen})


@cache
def load_rules(pack: str) -> RulesInForce:
    return load_programme(pack).in_force(DAY)


@cache
def load_vocabularies() -> Vocabularies:
    skills = load_skills()
    return Vocabularies(RegionTable.load("indonesia"), skills, load_occupations(skills))


@cache
def _some_skills() -> list[str]:
    return [term.id for term in load_vocabularies().skills.terms[:12]]


@cache
def _schema(name: str) -> dict[str, pl.DataType]:
    return {column: contract.dtype for column, contract in TABLES[name].columns().items()}


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a table of the contract; what they leave out is null."""
    schema = _schema(name)
    columns = {column: [row.get(column) for row in rows] for column in schema}
    return pl.DataFrame(columns, schema=schema)


def _or_none(rng: Random, values: Any, missing: float = 0.1) -> Any:
    return None if rng.random() < missing else rng.choice(values)


def _location(rng: Random) -> dict[str, Any]:
    own = rng.random() < 0.15
    return {
        "region_code": _or_none(rng, REGIONS),
        "latitude": rng.uniform(-8, 2) if own else None,
        "longitude": rng.uniform(100, 130) if own else None,
    }


def _course(rng: Random, number: int) -> dict[str, Any]:
    return {
        "course_id": f"c{number}",
        "title": f"Training {number}",
        "provider_id": f"provider {rng.randrange(4)}",
        "category": _or_none(rng, ["Teknik", "Pertanian", "Keuangan"]),
        "skills": rng.sample(_some_skills(), rng.randrange(4)),
        "level": _or_none(rng, LEVELS),
        "mode": rng.choice(MODES),
        "price_idr": rng.choice([0, 300_000, 900_001, 1_000_000, 3_500_000]),
        "duration_hours": _or_none(rng, [6.0, 15.0, 25.0]),
        "language": _or_none(rng, ["id", "id", "en"]),
        "available_from": _or_none(rng, DAYS, missing=0.7),
        "available_until": _or_none(rng, DAYS, missing=0.7),
        "minimum_education": _or_none(rng, EDUCATIONS[:5], missing=0.8),
        "needs_device": _or_none(rng, [True, False], missing=0.7),
        "needs_connection": _or_none(rng, [True, False], missing=0.7),
        "prerequisites": _prerequisites(rng, number),
        **_location(rng),
    }


def _prerequisites(rng: Random, number: int) -> list[str]:
    """Some of the trainings before this one, at times one that is not listed."""
    listed = [f"c{rng.randrange(number)}" for _ in range(rng.choice([0, 0, 1, 2]) if number else 0)]
    return listed + ["not listed"] * (rng.random() < 0.05)


def _class(rng: Random, number: int, courses: list[dict[str, Any]]) -> dict[str, Any]:
    starts = rng.choice(DAYS)
    seats = rng.randrange(3)
    own_dates = rng.random() < 0.3
    return {
        "class_id": f"k{number}",
        "course_id": rng.choice(courses)["course_id"],
        "starts_on": starts,
        "ends_on": starts + dt.timedelta(days=rng.choice([0, 3, 9])),
        "seats": seats + 1,
        "seats_left": seats,
        "registration_from": rng.choice(DAYS[:4]) if own_dates else None,
        "registration_until": rng.choice(DAYS[3:]) if own_dates else None,
        **_location(rng),
    }


def _participant(rng: Random, number: int) -> dict[str, Any]:
    return {
        "participant_id": f"p{number}",
        "birth_year": _or_none(rng, [1950, 1959, 1960, 1990, 2006, 2007]),
        "gender": _or_none(rng, GENDERS),
        "education": _or_none(rng, EDUCATIONS),
        "employment_status": _or_none(rng, EMPLOYMENT_STATUSES),
        "occupation": _or_none(rng, WORK, missing=0.5),
        "skills": rng.sample(_some_skills(), rng.randrange(5)),
        "interests": [],
        "rural": _or_none(rng, [True, False]),
        "radius_km": _or_none(rng, [0.0, 30.0, 5000.0], missing=0.5),
        "balance_idr": _or_none(rng, [0, 500_000, 1_000_000, 3_500_000]),
        "groups": rng.choice([[], ["Fishers"], ["farmers"]]),
        "admitted_on": _or_none(rng, DAYS[:4], missing=0.5),
        "graduated_on": _or_none(rng, GRADUATIONS, missing=0.5),
        "has_device": _or_none(rng, [True, False], missing=0.5),
        "has_connection": _or_none(rng, [True, False], missing=0.5),
        "profiling_opt_out": rng.random() < 0.2,
        **_location(rng),
    }


def _event(
    rng: Random, number: int, participants: list[dict[str, Any]], courses: list[dict[str, Any]]
) -> dict[str, Any]:
    known = rng.random() < 0.95
    return {
        "event_id": f"e{number}",
        "participant_id": rng.choice(participants)["participant_id"],
        "course_id": rng.choice(courses)["course_id"] if known else "no longer listed",
        "kind": rng.choice(["purchase", "start", "complete", "rate", "rate", "click"]),
        "at": dt.datetime(2024, 3, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number),
    }
