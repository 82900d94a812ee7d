"""Looks for allocations that wait, and has a process of its own run them, beside the one that answers requests."""

from __future__ import annotations

import logging
import multiprocessing
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread
from typing import Final
from uuid import uuid4

import polars as pl
from sqlalchemy.exc import SQLAlchemyError

from api.allocations.job import Place, sweep, work
from api.deployment.releases import Releases
from store import allocations
from store.database import Store
from store.errors import StoreError

POLL_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 15.0  # after which a runner that was not heard of is thought dead
LOOK_SECONDS: Final = 0.2  # between looks at a process that runs

CLASSES: Final = {
    "class_id": pl.String,
    "seats": pl.Int64,
    "price": pl.Float64,
    "wished": pl.Int64,
}

log = logging.getLogger("padan.allocations")


class AllocationRunner:
    """A thread that looks, and the process that it has started.

    Parameters
    ----------
    store : Store
    home : Path
        Of bundles, and of what jobs keep on their way.
    releases : Releases
    lists_know : bool
        Whether the lists of releases are to know what the last allocation told of seats.
    """

    def __init__(self, store: Store, home: Path, releases: Releases, *, lists_know: bool) -> None:
        self._store = store
        self._home = home
        self._releases = releases
        self._lists_know = lists_know
        self._told: str | None = None
        self._woken, self._ending = Event(), Event()
        self._thread = Thread(target=self._look, name="allocations", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: somebody asked for an allocation."""
        self._woken.set()

    def close(self) -> None:
        """End, and leave what is under way to whoever comes next."""
        self._ending.set()
        self._woken.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ending.is_set():
            try:
                with self._store.reading() as connection:
                    waiting = allocations.has_work(connection, SILENCE_SECONDS)
                if waiting:
                    self._run()
                sweep(self._store, self._home)
                if self._lists_know:
                    self._tell()
            except (SQLAlchemyError, StoreError):
                pass  # the store is away; who watches it says so
            self._woken.wait(POLL_SECONDS)
            self._woken.clear()

    def _tell(self) -> None:
        """Have lists know what the last allocation told of seats."""
        with self._store.reading() as connection:
            newest = allocations.read_last_classes(connection, self._told)
        if newest is not None:
            self._told, classes = newest
            self._releases.know_seats(pl.DataFrame(classes, schema=CLASSES))

    def _run(self) -> None:
        """Have a process run what waits, and give back what it held where it ended before."""
        runner = uuid4().hex
        process = self._start(runner)
        try:
            while process.is_alive() and not self._ending.is_set():
                process.join(LOOK_SECONDS)
        finally:
            process.kill()
            process.join()
        if process.exitcode and not self._ending.is_set():
            log.error("a process of allocations ended with status %s", process.exitcode)
        with self._store.writing() as connection:
            allocations.release(connection, runner)

    def _start(self, runner: str) -> SpawnProcess:
        bundle = self._releases.present.bundle
        place = Place(
            self._store.engine.url.render_as_string(hide_password=False),
            self._home,
            bundle.folder,
            bundle.manifest.version,
            SILENCE_SECONDS,
        )
        # a fork would not have the threads of libraries
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=work, args=(place, runner), daemon=True)
        process.start()
        return process
