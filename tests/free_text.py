"""People who describe themselves in their own words, drawn at random."""

from __future__ import annotations

import random
from typing import Any

from recommender.engine import Engine
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, GENDERS

SKILL_FORMS = (
    "{}",
    "saya bisa {}",
    "bisa {} dikit2",
    "lancar {}",
    "pernah kerja {} 2 tahun",
    "{} dasar",
    "sudah ikut kursus {}",
    "I know some {}",
)
GOAL_FORMS = (
    "{}",
    "ingin jadi {}",
    "pengen kerja sbg {} di kota",
    "mau buka usaha {}",
    "{} pemula",
)
FILLERS = ("gaji lumayan", "apa saja boleh", "???", "kerja dari rumah", "x", "bantu orang tua")


def draw_participant(engine: Engine, rng: random.Random) -> dict[str, Any]:
    """Return the body of a participant whose skills, interests and goal are written freely."""
    vocabularies, catalogue = engine.reader.vocabularies, engine.catalogue
    first = set(catalogue.prerequisites.indices.tolist()) or range(len(catalogue))
    needed = [catalogue.titles[course] for course in first]
    skills = [name for term in vocabularies.skills.terms for name in term.names()]
    goals = [name for term in vocabularies.occupations.vocabulary.terms for name in term.names()]

    def write(forms: tuple[str, ...], words: list[str]) -> str:
        return _misspell(rng.choice(forms).format(rng.choice(words)), rng)[:200].strip() or "x"

    homes = [
        code
        for code, level in zip(
            vocabularies.regions.codes, vocabularies.regions.level.tolist(), strict=True
        )
        if level == max(vocabularies.regions.level)
    ]
    described: dict[str, Any] = {
        "birth_year": rng.randint(1958, 2012),
        "gender": rng.choice(GENDERS),
        "education": rng.choice(EDUCATIONS),
        "employment_status": rng.choice(EMPLOYMENT_STATUSES),
        "region": rng.choice(homes),
        "balance_idr": rng.choice([0, 250_000, 900_000, 3_500_000]),
        "skills": [
            write(SKILL_FORMS, rng.choice((skills, needed, list(FILLERS))))
            for _ in range(rng.randint(0, 4))
        ],
        "interests": [write(GOAL_FORMS, skills + goals) for _ in range(rng.randint(0, 2))],
        "profiling_opt_out": rng.random() < 0.1,
        "history": [
            {"course_id": course_id, "kind": kind}
            for course_id in rng.sample(catalogue.ids, rng.choice((0, 0, 1, 2)))
            for kind in ("purchase", "complete", "rate")
        ],
    }
    if rng.random() < 0.8:
        described["target_occupation"] = write(GOAL_FORMS, goals)
    return {
        name: value
        for name, value in described.items()
        if rng.random() < 0.9 or name in ("skills", "history")
    }


def _misspell(phrase: str, rng: random.Random) -> str:
    """Drop or double a letter now and then."""
    if len(phrase) < 5 or rng.random() < 0.7:
        return phrase
    place = rng.randrange(1, len(phrase) - 1)
    return phrase[:place] + rng.choice(("", phrase[place] * 2)) + phrase[place + 1 :]
