"""Indexes of a country's profiles: how much of the nearest each finds, in how many bytes, and how soon.

The vectors are those of simulated people, as the engine reads them. All are asked for the same people, in turn, on
one thread; the limit is the flat index, which is exact.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.result import BenchmarkResult
from models.index.sharded import SAMPLE, IndexShape, ShardedIndex
from models.vectors import unit
from recommender.bundle.bundle import load_engine
from recommender.engine import Engine
from training_data.columns import Interactions
from training_data.simulation import build_world, participant_table, simulate_people

MIN_RECALL, MAX_BYTES, TARGET = 0.95, 270, 5.0
K = 10
ASKED = 1_000
CHUNK = 1_000  # people that are read together
PROBES = (16, 64)
PEERS = {
    "IVF-SQ8": "IVF{lists},SQ8",
    "IVF-PQ, refined": "IVF{lists},PQ64,Refine(SQ8)",
    "HNSW": "HNSW32",
}

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], NDArray[np.int64]]


@dataclass(frozen=True)
class Point:
    """One index as it was asked.

    Attributes
    ----------
    recall : float
        Share of the nearest ten that it found.
    bytes : float
        That a person adds.
    queries : float
        A second.
    """

    name: str
    recall: float
    bytes: float
    queries: float


def run(bundle: Path, folder: Path, people: int) -> BenchmarkResult:
    """Measure the indexes over the distinct profiles of so many simulated people.

    Parameters
    ----------
    bundle : Path
        Whose engine reads the people.
    folder : Path
        Where ours is written.
    """
    vectors = embed_people(load_engine(bundle), people)
    queries = vectors[:ASKED]
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        truth = flat.search(queries, K)[1]
        points = [_ask("flat", lambda some: flat.search(some, K)[1], queries, truth, 4 * flat.d)]
        for name, factory in PEERS.items():
            points += measure_peer(name, factory, vectors, queries, truth)
        points += measure_ours(folder, vectors, queries, truth)
    finally:
        faiss.omp_set_num_threads(before)
    fit = [one for one in points if one.name.startswith("ours") and one.recall >= MIN_RECALL]
    best = max(fit or points[-1:], key=lambda one: one.queries)
    ratio = best.queries / points[0].queries
    holds = best.recall >= MIN_RECALL and best.bytes <= MAX_BYTES and ratio >= TARGET
    details = {
        "recall": round(best.recall, 3),
        "bytes": round(best.bytes),
        "people": len(vectors),
        "dimensions": vectors.shape[1],
        "points": [
            {
                "index": one.name,
                "recall": round(one.recall, 3),
                "bytes": round(one.bytes),
                "queries_to_flat": round(one.queries / points[0].queries, 1),
            }
            for one in points
        ],
    }
    return BenchmarkResult("index", round(ratio, 1), TARGET, holds, details)


def embed_people(engine: Engine, people: int, seed: int = 0) -> Vectors:
    """Return the distinct profile vectors of simulated people, in an order of chance."""
    day = dt.datetime.now(dt.UTC).date()
    world, none = build_world(day, seed), Interactions.create_empty()
    read = []
    for first in range(0, people, CHUNK):
        some = simulate_people(world, first, min(CHUNK, people - first))
        table = participant_table(world, some, np.zeros(len(some), dtype=np.int64))
        read.append(engine.prepare(table, none, day).vectors)
    vectors = np.concatenate(read)
    distinct = np.unique(vectors[vectors.any(axis=1)], axis=0)
    np.random.default_rng(seed).shuffle(distinct)
    return np.ascontiguousarray(distinct)


def measure_peer(
    name: str, factory: str, vectors: Vectors, queries: Vectors, truth: NDArray[np.int64]
) -> list[Point]:
    """Build an index of FAISS's, and ask it with each number of probes."""
    lists = IndexShape.of(vectors.shape[1], len(vectors)).lists
    index = faiss.index_factory(
        vectors.shape[1], factory.format(lists=lists), faiss.METRIC_INNER_PRODUCT
    )
    index.train(vectors[: SAMPLE * lists])
    empty = len(faiss.serialize_index(index))
    index.add(vectors)
    size = (len(faiss.serialize_index(index)) - empty) / len(vectors)
    points = []
    for probes in PROBES:
        parameter = "efSearch" if name == "HNSW" else "nprobe"
        faiss.ParameterSpace().set_index_parameter(index, parameter, probes)
        search: Search = lambda some: index.search(some, K)[1]  # noqa: E731
        points.append(_ask(f"{name}, {probes}", search, queries, truth, size))
    return points


def measure_ours(
    folder: Path, vectors: Vectors, queries: Vectors, truth: NDArray[np.int64]
) -> list[Point]:
    """Write our index, open it again, and ask it with each number of probes."""
    shutil.rmtree(folder, ignore_errors=True)
    shape = IndexShape.of(vectors.shape[1], len(vectors))
    index = ShardedIndex.create(folder, shape, vectors[: SAMPLE * shape.lists])
    empty = index.size * (1 + shape.files)  # each file holds what was learnt
    index.add([f"sim-{number:07}" for number in range(len(vectors))], vectors)
    size = (index.size - empty) / len(vectors)
    points = []
    for probes in PROBES:
        opened = ShardedIndex(folder, probes)

        def search(some: Vectors, opened: ShardedIndex = opened) -> NDArray[np.int64]:
            ids, _ = opened.search(some, K)
            return np.array([[int(one.removeprefix("sim-")) for one in row] for row in ids])

        points.append(_ask(f"ours, {probes}", search, queries, truth, size))
    return points


def _ask(
    name: str, search: Search, queries: Vectors, truth: NDArray[np.int64], size: float
) -> Point:
    asked = unit(queries)
    search(asked[:10])
    start = time.perf_counter()
    found = search(asked)
    seconds = time.perf_counter() - start
    shared = [len({*some} & {*others}) for some, others in zip(found, truth, strict=True)]
    return Point(name, float(np.mean(shared)) / K, size, len(queries) / seconds)
