"""Shards answered by processes of this machine, each with a thread and a bundle of its own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import connection
from typing import TypeVar

from threadpoolctl import threadpool_limits

from recommender.batch.parts import Part
from recommender.batch.work import Profiles, Work, Worker

T = TypeVar("T")

AHEAD = 2  # shards handed to each process: it need never wait, and results do not pile up
_worker: Worker | None = None  # of this process, one of the pool's


def answer_here(work: Work, ids: Sequence[str], processes: int | None = None) -> Iterator[Part]:
    """Yield the answered shards as they come.

    Parameters
    ----------
    ids : sequence of str
        Of the shards.
    processes : int, optional
        As many as there are cores by default.
    """
    count = min(processes or count_cores(), len(ids))
    with open_pool(work, count) as pool:
        yield from answer_in(pool, ids, AHEAD * count)


def embed_here(work: Work, ids: Sequence[str]) -> Iterator[Profiles]:
    """Yield the profiles of shards as they come."""
    count = min(count_cores(), len(ids))
    with open_pool(work, count) as pool:
        yield from _map_in(pool, _embed, ids, AHEAD * count)


@contextmanager
def open_pool(work: Work, processes: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes that answer shards; each loads the bundle at its first."""
    context = multiprocessing.get_context("spawn")  # threads of libraries do not outlive a fork
    with ProcessPoolExecutor(processes, context, _start, (work,)) as pool:
        yield pool


def answer_in(pool: ProcessPoolExecutor, ids: Sequence[str], ahead: int) -> Iterator[Part]:
    """Yield the shards that a pool answered as they come; so many are handed to it at a time."""
    yield from _map_in(pool, _answer, ids, ahead)


def _map_in(
    pool: ProcessPoolExecutor, do: Callable[[str], T], ids: Sequence[str], ahead: int
) -> Iterator[T]:
    waiting = iter(ids)
    running = {pool.submit(do, id_) for id_ in islice(waiting, ahead)}
    try:
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                running |= {pool.submit(do, id_) for id_ in islice(waiting, 1)}
                yield one.result()
    finally:
        for one in running:
            one.cancel()


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(work: Work) -> None:
    """Make this process ready to answer; it ends with the one that started it, however that ends."""
    global _worker
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    threadpool_limits(1)  # there is a process for each core
    _worker = Worker(work)


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _answer(id_: str) -> Part:
    return _own_worker().answer(id_)


def _embed(id_: str) -> Profiles:
    return _own_worker().embed(id_)


def _own_worker() -> Worker:
    if _worker is None:
        raise RuntimeError("this process was not started by a pool")
    return _worker
