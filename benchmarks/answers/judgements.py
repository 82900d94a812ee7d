"""What was judged: written people, what fits each of them, and what phrases mean."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from training_data.profiles import Participant

HERE: Final = Path(__file__).parent
Half = Literal["tuning", "held_out"]
HALVES: Final[tuple[Half, ...]] = ("tuning", "held_out")
FITS: Final = 2
"""The grade of a training that a counsellor would name first; 1 is for one that is related, 0 for any other."""


@dataclass(frozen=True)
class JudgedProfile:
    """A person as written, with the criteria that were fixed before any list was looked at.

    Attributes
    ----------
    fits, related : str
        What is graded 2, and what is graded 1.
    """

    name: str
    half: Half
    person: Participant
    fits: str
    related: str


@dataclass(frozen=True)
class JudgedPhrase:
    """A phrase with what it means.

    Attributes
    ----------
    kind : {"skill", "goal"}
        Which field of a profile it stands in.
    means : tuple of str
        Patterns of the ids of skills and occupations that are right; none for a phrase that names nothing.
    """

    phrase: str
    kind: Literal["skill", "goal"]
    means: tuple[str, ...]
    half: Half


@cache
def read_profiles() -> tuple[JudgedProfile, ...]:
    """Return the written people."""
    table = tomllib.loads((HERE / "profiles.toml").read_text(encoding="utf-8"))
    return tuple(
        JudgedProfile(
            row["name"],
            row["half"],
            Participant.model_validate(row["person"]),
            row["fits"],
            row["related"],
        )
        for row in table["profile"]
    )


def read_grades(catalogue: str) -> Mapping[str, Mapping[str, int]]:
    """Return the grade above 0 of each training for each person, by name and course id.

    Parameters
    ----------
    catalogue : str
        Whose grades: "demo" or "real".
    """
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    with (HERE / "grades" / f"{catalogue}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            grades[row["profile"]][row["course_id"]] = int(row["grade"])
    return grades


@cache
def read_phrases() -> tuple[JudgedPhrase, ...]:
    """Return the judged phrases."""
    with (HERE / "phrases.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            JudgedPhrase(
                row["phrase"],
                "goal" if row["kind"] == "goal" else "skill",
                tuple(filter(None, row["means"].split(";"))),
                "tuning" if row["half"] == "tuning" else "held_out",
            )
            for row in csv.DictReader(file)
        )
