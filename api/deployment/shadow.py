"""Shadow mode: a second bundle answers some of the requests again, after the fact and unseen, and is compared.

It has one thread, which rests for most of the time and whose queue is short: what does not fit is left
out. Objectors and neutral requests are left out, too. Logged are ids of trainings and figures, no profiles.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from queue import Empty, Full, Queue
from random import Random
from threading import Event, Lock, Thread, get_native_id

from api.deployment.list_agreement import overlap, rank_biased_overlap
from api.deployment.releases import Release
from recommender.settings import CourseFilters, SlateSettings
from training_data.profiles import ParticipantRows, to_frames

MAX_WAITING = 32
WORKING = 0.1  # share of the time in which the thread works
NICENESS = 10
LOOKING_SECONDS = 0.5
SUMMARY_SECONDS = 60.0
CLOSE_SECONDS = 1.0  # for the request in work

log = logging.getLogger("padan.shadow")


@dataclass(frozen=True)
class ShadowRequest:
    """A request that was answered, as the shadow is asked again.

    Attributes
    ----------
    version : str
        Of the bundle that answered.
    course_ids : sequence of str
        The list that was given.
    seed : str or None
        What chance followed from in it, and follows from in the shadow's.
    """

    request_id: str
    version: str
    participant: ParticipantRows
    day: dt.date
    settings: SlateSettings
    filters: CourseFilters
    course_ids: Sequence[str]
    seed: str | None = None


@dataclass(frozen=True)
class Summary:
    """How the shadow's lists compared so far.

    Attributes
    ----------
    compared, same, dropped, failed : int
        Lists that were compared, that were equal, that there was no time for, and that ended in an error.
    overlap, rank_biased_overlap : float or None
        Means over the lists compared.
    """

    version: str
    compared: int
    same: int
    dropped: int
    failed: int
    overlap: float | None
    rank_biased_overlap: float | None


class Shadow:
    """A release that answers unseen.

    Parameters
    ----------
    release : Release
    share : float
        Of the requests, from 0 to 1, that it is asked again.
    """

    def __init__(self, release: Release, share: float) -> None:
        self.release = release
        self._share = share
        self._random = Random()  # noqa: S311 which requests is nobody's secret
        self._waiting: Queue[ShadowRequest] = Queue(MAX_WAITING)
        self._counts = dict.fromkeys(("compared", "same", "dropped", "failed"), 0)
        self._sums = [0.0, 0.0]
        self._lock = Lock()
        self._closing = Event()
        self._thread = Thread(target=self._run, name="shadow", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """End after the request in work, and log the summary."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        log.warning("shadow ends", extra=asdict(self.summary()))

    def offer(self, answered: ShadowRequest) -> None:
        """Hand over a request that was answered; returns at once."""
        if self._random.random() >= self._share:
            return
        try:
            self._waiting.put_nowait(answered)
        except Full:
            self._count("dropped")

    def summary(self) -> Summary:
        """Return how the lists compared so far."""
        with self._lock:
            counts, sums = dict(self._counts), list(self._sums)
        compared = counts["compared"]
        means = [total / compared if compared else None for total in sums]
        return Summary(
            self.release.version, **counts, overlap=means[0], rank_biased_overlap=means[1]
        )

    def compare(self, answered: ShadowRequest) -> None:
        """Answer again, and log how the lists differ."""
        engine = self.release.bundle.engine
        participants = engine.prepare(*to_frames([answered.participant]), answered.day)
        ids = engine.recommend(
            participants, answered.settings, answered.filters, [answered.seed]
        ).slates.ids[0]
        mine = [engine.catalogue.ids[course] for course in ids if course >= 0]
        theirs = list(answered.course_ids)
        shared, ranked = overlap(theirs, mine), rank_biased_overlap(theirs, mine)
        with self._lock:
            self._sums = [self._sums[0] + shared, self._sums[1] + ranked]
        self._count("compared")
        if mine == theirs:
            self._count("same")
            return
        log.info(
            "another list",
            extra={
                "answered_request": answered.request_id,
                "bundle_version": answered.version,
                "shadow_version": self.release.version,
                "overlap": round(shared, 4),
                "rank_biased_overlap": round(ranked, 4),
                "given": theirs,
                "shadow": mine,
            },
        )

    def _run(self) -> None:
        if sys.platform == "linux":  # elsewhere a priority is of the whole process
            os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
        told = time.monotonic()
        while not self._closing.is_set():
            try:
                answered = self._waiting.get(timeout=LOOKING_SECONDS)
            except Empty:
                continue
            start = time.perf_counter()
            try:
                self.compare(answered)
            except Exception:  # a shadow's fault is a finding, not the service's fault
                self._count("failed")
                log.exception("fault of the shadow")
            if time.monotonic() - told > SUMMARY_SECONDS:
                told = time.monotonic()
                log.warning("shadow so far", extra=asdict(self.summary()))
            worked = time.perf_counter() - start
            self._closing.wait(worked * (1 / WORKING - 1))

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1
