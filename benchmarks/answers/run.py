"""`padan bench answers`: written people get their lists, and the lists the grades of a reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.figures import FIGURES, JudgedList, K, judge, summarise
from benchmarks.answers.judgements import HALVES, JudgedProfile, read_grades, read_profiles
from benchmarks.answers.systems import rank_all
from models.text.encoder import TextEncoder
from recommender.eligibility.mask import build_mask
from recommender.engine import Engine
from recommender.participants.prepared import PreparedParticipants
from training_data.profiles import to_tables

Lists = Mapping[str, list[list[str]]]


def prepare(
    engine: Engine, profiles: Sequence[JudgedProfile], day: dt.date
) -> tuple[PreparedParticipants, NDArray[np.bool_]]:
    """Return the written people as the engine reads them, and what they may take."""
    regions = engine.reader.vocabularies.regions
    persons = [profile.person for profile in profiles]
    people = engine.prepare(*to_tables(persons, [one.name for one in profiles], regions), day)
    return people, build_mask(engine.query(people))


def judge_lists(
    engine: Engine,
    profiles: Sequence[JudgedProfile],
    mask: NDArray[np.bool_],
    lists: list[list[str]],
    catalogue: str,
) -> list[JudgedList]:
    """Grade the lists of one system."""
    ids, grades = np.array(engine.catalogue.ids), read_grades(catalogue)
    return [
        judge(listed, ids[permitted].tolist(), grades.get(profile.name, {}))
        for profile, permitted, listed in zip(profiles, mask, lists, strict=True)
    ]


def compare(
    engine: Engine, teacher: TextEncoder, catalogue: str, day: dt.date
) -> dict[str, dict[str, dict[str, tuple[float, float, float]]]]:
    """Return by half, system and figure the mean with its interval."""
    profiles = read_profiles()
    people, mask = prepare(engine, profiles, day)
    lists = rank_all(engine, people, profiles, mask, teacher, K)
    found: dict[str, dict[str, dict[str, tuple[float, float, float]]]] = {}
    for half in HALVES:
        rows = [row for row, profile in enumerate(profiles) if profile.half == half]
        found[half] = {}
        for system, all_lists in lists.items():
            judged = judge_lists(engine, profiles, mask, all_lists, catalogue)
            found[half][system] = {
                name: summarise([figure(judged[row]) for row in rows])
                for name, figure in FIGURES.items()
            }
    return found
