"""Small random worlds under the contracts: a catalogue with classes, participants and what they did."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from recommender.catalogue import Catalogue, build_catalogue
from recommender.eligibility import Question
from recommender.participants import build_batch
from training_data.columns import (
    EDUCATIONS,
    EMPLOYMENT_STATUSES,
    LEVELS,
    MODES,
    Classes,
    Courses,
    Interactions,
    Participants,
)
from training_data.programme import RulesInForce, load_programme
from training_data.regions import RegionTable
from training_data.vocabulary import Occupations, Vocabulary, load_occupations, load_skills

DAY = dt.date(2024, 6, 15)
PLACES = ("31.71", "31.72", "31.01", "53.71", "53.01", "91.71", "51.71", "32.04", "12.71", None)


@dataclass(frozen=True)
class World:
    """Tables and what they refer to."""

    courses: pl.DataFrame
    classes: pl.DataFrame
    participants: pl.DataFrame
    events: pl.DataFrame
    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations

    def catalogue(self) -> Catalogue:
        return build_catalogue(self.courses, self.classes, self.regions, self.skills)

    def question(self, rules: RulesInForce | None = None) -> Question:
        rules = rules or load_programme("prakerja-2024").in_force(DAY)
        catalogue = self.catalogue()
        batch = build_batch(
            self.participants,
            self.events,
            catalogue,
            self.regions,
            self.skills,
            self.occupations,
            None if rules.grant is None else rules.grant.amount,
        )
        return Question(batch, catalogue, rules)


def some(rng: np.random.Generator, values: list, n: int, missing: float = 0.1) -> list:
    """Draw n values, some of them missing."""
    return [None if rng.random() < missing else values[rng.integers(len(values))] for _ in range(n)]


def random_world(seed: int, n_courses: int = 20, n_people: int = 8) -> World:
    """Return a world in which every rule has something to forbid."""
    rng = np.random.default_rng(seed)
    regions, skills, occupations = _knowledge()
    known = [term.id for term in skills.terms[:12]]
    ids = [f"c{i}" for i in range(n_courses)]
    days = [DAY + dt.timedelta(days=int(d)) for d in (-40, -1, 0, 1, 2, 40)]
    courses = pl.DataFrame(
        {
            "course_id": ids,
            "title": [f"Training {i}" for i in range(n_courses)],
            "provider_id": [f"provider {rng.integers(4)}" for _ in ids],
            "category": some(rng, ["Teknik", "Pertanian", "Keuangan"], n_courses),
            "skills": [list(rng.choice(known, rng.integers(0, 4), replace=False)) for _ in ids],
            "level": some(rng, list(LEVELS), n_courses),
            "mode": some(rng, list(MODES), n_courses, missing=0),
            "region_code": some(rng, list(PLACES), n_courses),
            "price_idr": [
                int(p) for p in rng.choice([0, 300_000, 1_000_000, 3_500_000], n_courses)
            ],
            "duration_hours": some(rng, [6.0, 15.0, 40.0], n_courses),
            "available_from": some(rng, days, n_courses, missing=0.6),
            "prerequisites": [
                [ids[rng.integers(i)]] if i and rng.random() < 0.3 else [] for i in range(n_courses)
            ],
        },
        schema_overrides={"available_from": pl.Date},
    )
    rows = [ids[rng.integers(n_courses)] for _ in range(n_courses)]
    starts = [days[rng.integers(len(days))] for _ in rows]
    seats = rng.integers(0, 3, len(rows))
    classes = pl.DataFrame(
        {
            "class_id": [f"k{i}" for i in range(len(rows))],
            "course_id": rows,
            "region_code": some(rng, list(PLACES), len(rows)),
            "starts_on": starts,
            "ends_on": [day + dt.timedelta(days=3) for day in starts],
            "seats": seats + 1,
            "seats_left": seats,
        }
    )
    people = [f"p{i}" for i in range(n_people)]
    participants = pl.DataFrame(
        {
            "participant_id": people,
            "birth_year": some(rng, [1950, 1960, 1990, 2006, 2007, 2010], n_people),
            "education": some(rng, list(EDUCATIONS), n_people),
            "employment_status": some(rng, list(EMPLOYMENT_STATUSES), n_people),
            "occupation": some(rng, ["police", "juru-masak", "military"], n_people, missing=0.6),
            "skills": [list(rng.choice(known, rng.integers(0, 5), replace=False)) for _ in people],
            "interests": [[] for _ in people],
            "region_code": some(rng, list(PLACES), n_people),
            "rural": some(rng, [True, False], n_people),
            "radius_km": some(rng, [0.0, 30.0, 5000.0], n_people, missing=0.5),
            "balance_idr": some(rng, [0, 500_000, 3_500_000], n_people),
            "groups": [[] for _ in people],
            "profiling_opt_out": rng.random(n_people) < 0.2,
        }
    )
    kinds = ["purchase", "start", "complete", "rate", "click"]
    events = pl.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(n_people * 2)],
            "participant_id": [people[rng.integers(n_people)] for _ in range(n_people * 2)],
            "course_id": [ids[rng.integers(n_courses)] for _ in range(n_people * 2)],
            "kind": some(rng, kinds, n_people * 2, missing=0),
            "at": [
                dt.datetime(2024, 3, 1, tzinfo=dt.UTC) + dt.timedelta(hours=i)
                for i in range(n_people * 2)
            ],
        }
    )
    return World(
        _complete(Courses, courses),
        _complete(Classes, classes),
        _complete(Participants, participants),
        _complete(Interactions, events),
        regions,
        skills,
        occupations,
    )


@cache
def _knowledge() -> tuple[RegionTable, Vocabulary, Occupations]:
    skills = load_skills()
    return RegionTable.load("indonesia"), skills, load_occupations(skills)


def _complete(contract: type, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that a table leaves out, as nulls, and hold it to its contract."""
    missing = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in contract.create_empty().schema.items()
        if name not in rows.columns
    ]
    return contract.validate(rows.with_columns(missing), cast=True)
