"""`padan bench answers`: written people get their lists, and the lists the grades of a reader."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.figures import FIGURES, JudgedList, K, judge, summarise
from benchmarks.answers.judgements import (
    HALVES,
    JudgedProfile,
    read_grades,
    read_profiles,
)
from benchmarks.answers.phrases import measure_phrases
from benchmarks.answers.systems import rank_all
from benchmarks.result import BenchmarkResult
from models.text.encoder import TextEncoder
from models.text.teacher import open_teacher
from recommender.bundle.bundle import load_engine
from recommender.eligibility.mask import build_mask
from recommender.engine import Engine, Recommendations
from recommender.participants.prepared import PreparedParticipants
from recommender.ranking.fit import FITS, Fit, grade_fit
from recommender.responses.notices import find_unmet
from recommender.settings import SlateSettings
from recommender.training.train import train
from training_data.dataset import Dataset
from training_data.home import padan_home
from training_data.importing.pipeline import import_into
from training_data.profiles import to_tables

REAL: Final = (
    "prakerja_skillweek_course.json",
    "learnfonify_courses_322.csv",
    "program_pelatihan_bersih.xlsx",
    "prakerja_alibaba_course.json",
    "dicoding_courses_61.csv",
)
TARGET: Final = 1.4  # nDCG@5 of the held-out half, in times that of TF-IDF

Figures = dict[str, tuple[float, float, float]]


def run(bundle: Path, catalogues: Path | None, day: dt.date) -> BenchmarkResult:
    """Judge the lists of a bundle of the demo catalogue or, given their folder, of the real catalogues.

    Parameters
    ----------
    bundle : Path
        Asked where ``catalogues`` is None.
    catalogues : Path, optional
        Folder of the files of ``REAL``; a bundle is made of them, without anybody's behaviour.
    """
    teacher = open_teacher(padan_home(), None)
    if catalogues is None:
        return summarise_engine(load_engine(bundle), teacher, "demo", day)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        import_into(home / "real", "courses", [catalogues / name for name in REAL], None, True)
        manifest = train(Dataset.open(home / "real"), teacher, home, day)
        engine = load_engine(home / "bundles" / manifest.version)
        return summarise_engine(engine, teacher, "real", day)


def summarise_engine(
    engine: Engine, teacher: TextEncoder, catalogue: str, day: dt.date
) -> BenchmarkResult:
    """Return the figures of every system on both halves, of fit, and of phrases."""
    profiles = read_profiles()
    people, mask = prepare(engine, profiles, day)
    lists = rank_all(engine, people, profiles, mask, teacher, K)
    graded = {
        system: judge_lists(engine, profiles, mask, listed, catalogue)
        for system, listed in lists.items()
    }
    details: dict[str, Any] = {}
    found = engine.recommend(people, SlateSettings(k=K))
    for half in HALVES:
        rows = [row for row, profile in enumerate(profiles) if profile.half == half]
        details[half] = {
            system: {
                name: summarise([figure(judged[row]) for row in rows])
                for name, figure in FIGURES.items()
            }
            for system, judged in graded.items()
        } | {"fit": measure_fit(found, graded["ours"], rows)}
    details["phrases"] = {half: asdict(of) for half, of in measure_phrases(engine.reader).items()}
    held_out = details["held_out"]
    ratio = held_out["ours"]["ndcg@5"][0] / held_out["tfidf"]["ndcg@5"][0]
    return BenchmarkResult(
        f"answers-{catalogue}", round(ratio, 3), TARGET, bool(ratio >= TARGET), details
    )


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
    lists: Sequence[Sequence[str]],
    catalogue: str,
) -> list[JudgedList]:
    """Grade the lists of one system."""
    ids, grades = np.array(engine.catalogue.ids), read_grades(catalogue)
    return [
        judge(listed, ids[permitted].tolist(), grades.get(profile.name, {}))
        for profile, permitted, listed in zip(profiles, mask, lists, strict=True)
    ]


def measure_fit(
    found: Recommendations, judged: Sequence[JudgedList], rows: Sequence[int]
) -> Mapping[str, float]:
    """Return how often ``strong`` is right, and how often those whom nothing fits are told so.

    ``strong`` is right for what is on topic. Those who wrote nothing are told nothing.
    """
    strong = grade_fit(found.slates.features) == FITS.index(Fit.STRONG)
    grades = [judged[row].grades[strong[row, : len(judged[row].grades)]] for row in rows]
    said = np.diff(found.participants.profile.weights.indptr) > 0
    unmet = find_unmet(found)
    hopeless = [row for row in rows if said[row] and not judged[row].can_fit]
    hopeful = [row for row in rows if said[row] and judged[row].can_fit]
    return {
        "strong_right": float((np.concatenate(grades) > 0).mean()),
        "told_nothing_fits": float(np.mean([row in unmet for row in hopeless])),
        "told_so_wrongly": float(np.mean([row in unmet for row in hopeful])),
    }
