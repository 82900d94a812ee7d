"""Speed and memory of the masks that say which of N trainings each of B participants may take.

The demo catalogue, repeated under new ids and prices, with its classes, stands before simulated people
who took some trainings before. The time runs from arrays to the last block of the mask, and includes
the way to every class. The mask is then held against the reason codes, pair by pair.
"""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from recommender.catalogue.catalogue import Catalogue, build_catalogue
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.exclusions import find_exclusions
from recommender.eligibility.mask import iterate_mask
from recommender.eligibility.query import EligibilityQuery
from recommender.objective import DEFAULT
from recommender.participants.batch import ParticipantBatch, Vocabularies
from recommender.participants.reader import ParticipantReader
from training_data.columns import Classes, Courses, Interactions, Participants, complete_columns
from training_data.demo import demo_classes, demo_courses
from training_data.occupations.occupations import load_occupations
from training_data.programmes.programme import load_programme
from training_data.programmes.rules import RulesInForce
from training_data.regions import RegionTable
from training_data.simulation.profiles import simulate_participants
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Vocabulary

TARGET_SECONDS = 2.0
DAY = dt.date(2024, 6, 15)
CHECKED = 500  # participants whose every pair is held against the reasons
RATED_AT = dt.datetime(2024, 6, 8, tzinfo=dt.UTC)  # near enough for the next purchase
C, K, P, E = Courses, Classes, Participants, Interactions


def run(
    *, participants: int = 10_000, courses: int = 10_000, repeats: int = 5, seed: int = 0
) -> BenchmarkResult:
    """Time the masks of ``participants`` x ``courses``; the fastest of the repeats counts.

    Raises
    ------
    AssertionError
        If a pair is permitted and has a reason against it, or neither.
    """
    regions, skills = RegionTable.load("indonesia"), load_skills()
    rules = load_programme("prakerja-2024").in_force(DAY)
    catalogue = _catalogue(courses, regions, skills, seed)
    batch = _simulate_batch(participants, catalogue, regions, skills, rules, seed)
    seconds = [
        _time(EligibilityQuery(batch, Availability(catalogue, rules))) for _ in range(repeats)
    ]
    peak, share = _measure_peak(EligibilityQuery(batch, Availability(catalogue, rules)))
    few = _simulate_batch(min(CHECKED, participants), catalogue, regions, skills, rules, seed + 1)
    _check_reasons(EligibilityQuery(few, Availability(catalogue, rules)))
    best = min(seconds)
    _show(participants, courses, best, peak, share)
    return BenchmarkResult(
        "eligibility",
        round(best, 3),
        TARGET_SECONDS,
        best < TARGET_SECONDS,
        {
            "participants": participants,
            "courses": courses,
            "seconds": [round(value, 3) for value in seconds],
            "pairs_a_second": round(participants * courses / best),
            "peak_mib": round(peak / 2**20, 1),
            "permitted_share": round(share, 4),
        },
    )


def _catalogue(n: int, regions: RegionTable, skills: Vocabulary, seed: int) -> Catalogue:
    """Repeat the demo catalogue, copy by copy, until there are ``n`` trainings."""
    rng = np.random.default_rng(seed)
    courses, classes = demo_courses(seed), demo_classes(DAY, seed)
    copies = range(-(-n // len(courses)))

    def copy_column(name: str, copy: int) -> pl.Expr:
        return pl.format("{}#{}", pl.col(name), pl.lit(copy)).alias(name)

    needs = C.prerequisites.name
    many = pl.concat(
        courses.with_columns(
            copy_column(C.course_id.name, copy),
            pl.col(needs).list.eval(pl.format("{}#{}", pl.element(), pl.lit(copy))),
        )
        for copy in copies
    )[:n].with_columns((C.price_idr.col * pl.Series(rng.uniform(0.5, 2.0, n))).cast(pl.Int64))
    held = pl.concat(
        classes.with_columns(
            copy_column(C.course_id.name, copy), copy_column(K.class_id.name, copy)
        )
        for copy in copies
    )
    return build_catalogue(many, held, regions, skills)


def _simulate_batch(
    n: int,
    catalogue: Catalogue,
    regions: RegionTable,
    skills: Vocabulary,
    rules: RulesInForce,
    seed: int,
) -> ParticipantBatch:
    """Simulate people, each with up to four finished and rated trainings behind them."""
    rng = np.random.default_rng(seed)
    people = simulate_participants(n, DAY, seed)
    grant = 0 if rules.grant is None else rules.grant.amount
    spent = (rng.random(n) * grant).astype(np.int64)
    people = people.with_columns(pl.Series(P.balance_idr.name, spent))
    rows = np.repeat(np.arange(n), rng.integers(0, 5, n))
    events = pl.DataFrame(
        {
            E.event_id.name: pl.Series(np.arange(len(rows))).cast(pl.String),
            E.participant_id.name: people[P.participant_id.name].gather(rows),
            E.course_id.name: pl.Series(catalogue.ids).gather(
                rng.integers(0, len(catalogue), len(rows))
            ),
            E.kind.name: pl.repeat("rate", len(rows), eager=True),
            E.at.name: pl.repeat(RATED_AT, len(rows), eager=True),
        }
    )
    occupations = load_occupations(skills)
    whole = complete_columns(E, events)
    reader = ParticipantReader(Vocabularies(regions, skills, occupations), "id")
    return reader.read(people, whole, catalogue, rules, DEFAULT).batch


def _time(query: EligibilityQuery) -> float:
    start = time.perf_counter()
    for _ in iterate_mask(query):
        pass
    return time.perf_counter() - start


def _measure_peak(query: EligibilityQuery) -> tuple[int, float]:
    """Return the most bytes held beside the query's own tables, and the share that is permitted."""
    tracemalloc.start()
    permitted = sum(int(block.sum()) for _, block in iterate_mask(query))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, permitted / (len(query.batch) * len(query.catalogue))


def _check_reasons(query: EligibilityQuery) -> None:
    bits = find_exclusions(query)
    for rows, block in iterate_mask(query):
        if not np.array_equal(block, bits[rows] == 0):
            raise AssertionError("mask and reasons disagree")


def _show(participants: int, courses: int, seconds: float, peak: int, share: float) -> None:
    table = Table(title=f"Eligibility of {participants:,} participants x {courses:,} trainings")
    for name in ("seconds", "million pairs/s", "peak MiB", "permitted"):
        table.add_column(name, justify="right")
    speed = participants * courses / seconds / 1e6
    table.add_row(f"{seconds:.2f}", f"{speed:.0f}", f"{peak / 2**20:.0f}", f"{share:.1%}")
    Console().print(table)
