"""The national run against what a bare index does: people a second, in turn, on the same cores.

The engine answers people who get a list, with its reasons, from shards to files that are synced; the limit is FAISS
``IndexFlatIP``, the ten nearest of as many trainings in batches, without masks, features or reasons.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.result import BenchmarkResult
from benchmarks.serve.data import Setup, build, spread_events
from recommender.batch.lists import build_rows
from recommender.batch.local import AHEAD, answer_in, count_cores, open_pool
from recommender.batch.run import plan_work
from recommender.batch.run import run as run_batch
from recommender.batch.shards import INTERACTIONS, PARTICIPANTS
from recommender.batch.work import Work, Worker
from recommender.eligibility.exclusion_codes import PASSING_BITS
from recommender.eligibility.exclusions import find_participant_exclusions
from recommender.engine import Engine
from recommender.participants.batch import filter_events
from training_data.columns import Interactions, Participants
from training_data.simulation import simulate_dataset

TARGET = 0.25
MAX_MEMORY_MB = 4_000
SIMULATED = 20_000  # people, of whom about a quarter may take something today
SHARD = 2_500  # people
K = 10
QUERIES = 1_000  # of a batch of the index
PASSES = 4  # over which a stage is measured
P, E = Participants, Interactions


@dataclass(frozen=True)
class Population:
    """People who get a list, and what they did."""

    people: pl.DataFrame
    events: pl.DataFrame

    def write_shards(self, folder: Path, count: int) -> None:
        """Write so many people; from a certain number on they come again under other ids."""
        shutil.rmtree(folder, ignore_errors=True)
        for table in (PARTICIPANTS, INTERACTIONS):
            (folder / table).mkdir(parents=True)
        for number, first in enumerate(range(0, count, SHARD)):
            rows = np.arange(first, min(first + SHARD, count)) % len(self.people)
            some = self.people[rows]
            name = pl.format("{}-{}", P.participant_id.col, pl.lit(number)).alias(
                P.participant_id.name
            )
            did = filter_events(some, self.events)
            some.with_columns(name).write_parquet(folder / PARTICIPANTS / f"{number:06}.parquet")
            did.with_columns(
                name, pl.format("{}-{}", E.event_id.col, pl.lit(number)).alias(E.event_id.name)
            ).write_parquet(folder / INTERACTIONS / f"{number:06}.parquet")


def run(setup: Setup, sizes: tuple[int, ...], rounds: int) -> BenchmarkResult:
    """Measure the engine and the limit in turn, and the engine at several sizes.

    Parameters
    ----------
    sizes : tuple of int
        People of a run, ascending; at the first the two take turns.
    rounds : int
        Turns; the middle one of their ratios counts.
    """
    _, bundle = build(setup)
    folder = setup.folder / "batch"
    work = plan_work(bundle, folder / "shards")
    worker = Worker(work)
    engine, day = worker.bundle.engine, dt.date.fromisoformat(work.stamp.day)
    population = find_population(engine, setup, day)
    queries = embed(engine, population, day)
    cores = count_cores()
    with open_pool(work, cores) as pool:
        answer = partial(_time_run, pool, work, folder, population)
        answer(SHARD * cores * 2)  # reads the bundle, and what people write
        turns = []
        for _ in range(rounds):
            of_engine = sizes[0] / answer(sizes[0])
            limit = time_index(engine.course_vectors, queries, cores)
            product = time_product(engine.course_vectors, queries, cores)
            turns.append((of_engine, limit, product))
        micros = {size: min(answer(size), answer(size)) / size * 1e6 for size in sizes[1:]}
        memory = _peak_memory_mb()
    of_engine, limit, product = (median(column) for column in zip(*turns, strict=True))
    ratio = median(engine_rate / index_rate for engine_rate, index_rate, _ in turns)
    stages = time_stages(engine, population, day)
    whole = sum(stages.values())
    return BenchmarkResult(
        "batch",
        round(ratio, 3),
        TARGET,
        ratio >= TARGET and memory < MAX_MEMORY_MB,
        {
            "people_per_second": round(of_engine),
            "index_people_per_second": round(limit),
            "product_people_per_second": round(product),
            "turns": [[round(rate) for rate in turn] for turn in turns],
            "ratios": sorted(round(one / limit, 3) for one, limit, _ in turns),
            "retrieval_to_index": round(cores / stages["retrieval"] / limit, 2),
            "stages_percent": {name: round(100 * one / whole, 1) for name, one in stages.items()},
            "stages_microseconds": {name: round(one * 1e6, 1) for name, one in stages.items()},
            "microseconds_per_person": {
                str(size): round(one, 1)
                for size, one in ({sizes[0]: 1e6 / of_engine} | micros).items()
            },
            "memory_mb": round(memory),
            "trainings": len(engine.catalogue),
            "sources": len(engine.sources),
            "features": len(engine.feature_names),
            "cores": cores,
        },
    )


def find_population(engine: Engine, setup: Setup, day: dt.date) -> Population:
    """Simulate people, and return those whom no rule keeps from everything."""
    folder = setup.folder / "people"
    dataset = simulate_dataset(folder, SIMULATED, day)
    events = spread_events(dataset.read(INTERACTIONS), setup.courses, seed=0)
    served = []
    for block in dataset.read(PARTICIPANTS).iter_slices(1_000):
        query = engine.query(engine.prepare(block, filter_events(block, events), day))
        kept = find_participant_exclusions(query) & ~PASSING_BITS
        served.append(block.filter(pl.Series(kept == 0)))
    people = pl.concat(served)
    return Population(people, filter_events(people, events))


def embed(engine: Engine, population: Population, day: dt.date) -> NDArray[np.float32]:
    """Return the profile vectors of the people, by which the index is asked."""
    read = engine.prepare(population.people, population.events, day)
    return np.ascontiguousarray(read.vectors)


def time_index(vectors: NDArray[np.float32], queries: NDArray[np.float32], threads: int) -> float:
    """Return the people a second of the bare index."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    rate = _time_batches(lambda some: index.search(some, K), queries)
    faiss.omp_set_num_threads(before)
    return rate


def time_product(vectors: NDArray[np.float32], queries: NDArray[np.float32], threads: int) -> float:
    """Return the people a second of the inner products alone."""
    into = np.empty((QUERIES, len(vectors)), dtype=np.float32)
    with threadpool_limits(threads):
        return _time_batches(lambda some: np.matmul(some, vectors.T, into[: len(some)]), queries)


def _time_batches(
    ask: Callable[[NDArray[np.float32]], object], queries: NDArray[np.float32]
) -> float:
    ask(queries[:QUERIES])
    start = time.perf_counter()
    for first in range(0, len(queries), QUERIES):
        ask(queries[first : first + QUERIES])
    return len(queries) / (time.perf_counter() - start)


def time_stages(engine: Engine, population: Population, day: dt.date) -> dict[str, float]:
    """Return the seconds a person of each stage, on one thread: the fewest of some passes."""
    passes = []
    with threadpool_limits(1):
        for _ in range(PASSES):
            spent: Counter[str] = Counter()
            for seconds in _iterate_stages(engine, population, day):
                spent.update(seconds)
            passes.append(spent)
    people = len(population.people)
    return {name: min(one[name] for one in passes) / people for name in passes[0]}


def _iterate_stages(
    engine: Engine, population: Population, day: dt.date
) -> Iterator[dict[str, float]]:
    start = time.perf_counter()
    for found in engine.recommend_blocks(population.people, population.events, day):
        made = time.perf_counter()
        told = found.trace.seconds
        build_rows(engine, found, engine.programme.languages[0])
        yield {"reading": made - start - sum(told.values())} | told
        yield {"reasons and rows": time.perf_counter() - made}
        start = time.perf_counter()


def _time_run(
    pool: ProcessPoolExecutor, work: Work, folder: Path, population: Population, count: int
) -> float:
    """Return the seconds of a run over so many people, with what it writes."""
    population.write_shards(work.folder, count)
    shutil.rmtree(folder / "out", ignore_errors=True)
    start = time.perf_counter()
    run_batch(work, folder / "out", lambda _work, ids: answer_in(pool, ids, AHEAD * count_cores()))
    return time.perf_counter() - start


def _peak_memory_mb() -> float:
    """Return the most memory that the processes of the pool ever took, together."""
    peaks = (
        re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{one.pid}/status").read_text())
        for one in multiprocessing.active_children()
    )
    return sum(int(peak.group(1)) for peak in peaks if peak) / 1024
