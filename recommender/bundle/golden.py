"""Golden answers: made-up people with the lists they got at training, sealed in the bundle.

Whoever puts a bundle into service asks for them again. Another list means that the program, the
machine or the bundle does not answer as it did when the bundle was judged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, ValidationError

from models.bundles.sealing import BundleError
from recommender.eligibility.exclusion_codes import PASSING_BITS
from recommender.eligibility.exclusions import find_exclusions
from recommender.engine import Engine, Recommendations
from recommender.settings import SlateSettings
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, GENDERS
from training_data.profiles import Participant, PastTraining, to_tables

Thing = TypeVar("Thing")

FILE = "golden.json"
PEOPLE = 32
K = 10
OBJECTING = 8  # every eighth objects to profiling


class Case(BaseModel):
    """A made-up person, and the list that they get."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Participant
    course_ids: list[str]


class Golden(BaseModel):
    """All cases, asked together as one batch on one day.

    Attributes
    ----------
    day : date
        The day whose rules, dates and seats count.
    k : int
        Length of a list.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: dt.date
    k: int
    cases: list[Case]

    @classmethod
    def of(cls, engine: Engine, day: dt.date, seed: int) -> Golden:
        """Make up people, and ask for their lists.

        Raises
        ------
        BundleError
            If a list holds a training that the person may not take.
        """
        rng = np.random.default_rng(seed)
        people = [_make_up(number, engine, day, rng) for number in range(PEOPLE)]
        lists = _list_courses(engine, people, day, K)
        cases = zip(people, lists, strict=True)
        return cls(day=day, k=K, cases=[Case(profile=one, course_ids=ids) for one, ids in cases])

    @classmethod
    def read(cls, folder: Path) -> Golden:
        """Read a bundle's golden answers.

        Raises
        ------
        BundleError
            If there are none, or they are malformed.
        """
        path = folder / FILE
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise BundleError(f"{folder}: no {FILE}; train again") from error
        except ValidationError as error:
            raise BundleError(f"{path}: {error.errors()[0]['msg']}; train again") from error

    def write(self, folder: Path) -> None:
        """Write them beside a bundle's other parts."""
        (folder / FILE).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    def tables(self, engine: Engine) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the people and what they did, under the contracts."""
        return _tables(engine, [case.profile for case in self.cases])

    def check(self, engine: Engine) -> None:
        """Ask again and compare: the same trainings in the same order, each of them permitted.

        Raises
        ------
        BundleError
            If a list differs, or holds a training that the person may not take.
        """
        lists = _list_courses(engine, [case.profile for case in self.cases], self.day, self.k)
        for number, (case, found) in enumerate(zip(self.cases, lists, strict=True), start=1):
            if found != case.course_ids:
                raise BundleError(
                    f"golden answer {number} of {len(self.cases)}: {', '.join(found) or 'nothing'} "
                    f"instead of {', '.join(case.course_ids) or 'nothing'}; "
                    "train again with this version of the program on this kind of machine"
                )


def check_rules(engine: Engine, recommendations: Recommendations) -> None:
    """Check lists against every reason why not; what ends by itself keeps nothing from a list.

    Raises
    ------
    BundleError
        If a list holds a training that the person may not take, or one twice.
    """
    bits = find_exclusions(recommendations.query) & ~PASSING_BITS
    for row, ids in enumerate(recommendations.slates.ids):
        listed = ids[ids >= 0]
        if bits[row, listed].any() or len(np.unique(listed)) < len(listed):
            names = ", ".join(engine.catalogue.ids[course] for course in listed)
            raise BundleError(f"a list holds a forbidden training, or one twice: {names}")


def _list_courses(
    engine: Engine, people: list[Participant], day: dt.date, k: int
) -> list[list[str]]:
    recommendations = engine.recommend(
        engine.prepare(*_tables(engine, people), day), SlateSettings(k=k)
    )
    check_rules(engine, recommendations)
    names = engine.catalogue.ids
    return [[names[course] for course in ids if course >= 0] for ids in recommendations.slates.ids]


def _tables(engine: Engine, people: list[Participant]) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = [f"golden-{number}" for number in range(len(people))]
    return to_tables(people, ids, engine.reader.vocabularies.regions)


def _make_up(number: int, engine: Engine, day: dt.date, rng: Generator) -> Participant:
    """Return somebody drawn from the vocabularies alone; nobody's data is in it."""
    language = engine.programme.languages[0]
    vocabularies, catalogue = engine.reader.vocabularies, engine.catalogue
    regions = vocabularies.regions
    homes = np.flatnonzero(regions.level == regions.level.max())
    skills = _draw(vocabularies.skills.terms, rng, 3)
    targets = _draw(vocabularies.occupations.vocabulary.terms, rng, 1)
    return Participant(
        birth_year=day.year - int(rng.integers(18, 60)),
        gender=GENDERS[number % len(GENDERS)],
        education=EDUCATIONS[number % len(EDUCATIONS)],
        employment_status=EMPLOYMENT_STATUSES[number % len(EMPLOYMENT_STATUSES)],
        target_occupation=targets[0].label(language) if targets else None,
        skills=[term.label(language) for term in skills[1:]],
        interests=[term.label(language) for term in skills[:1]]
        + _draw(catalogue.categories, rng, 1),
        region=regions.codes[rng.choice(homes)],
        balance_idr=int(np.quantile(catalogue.price, rng.uniform(0.2, 1))) if number % 3 else None,
        profiling_opt_out=number % OBJECTING == OBJECTING - 1,
        history=[
            PastTraining(course_id=course_id, kind=kind)
            for course_id in _draw(catalogue.ids, rng, number % 4)
            for kind in ("purchase", "complete", "rate")
        ],
    )


def _draw(things: Sequence[Thing], rng: Generator, most: int) -> list[Thing]:
    """Return so many different ones, or all where there are fewer."""
    chosen = rng.permutation(len(things))[:most]
    return [things[place] for place in chosen]
