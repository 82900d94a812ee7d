"""What operators watch, in Prometheus' terms; labels name routes, stages, sources and rules, never people.

The figures are of one process: each process of the service is scraped for itself. What bears a label is
kept once it was found, since the library looks it up anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from platform import python_version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.observability.drift import Drift
from recommender.bundle.bundle import Bundle
from recommender.participants.batch import ParticipantBatch
from recommender.participants.population import PopulationDistribution
from recommender.responses.unmet import UnmetWish
from recommender.trace import Trace

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True)
class Watched:
    """Where what holds at the moment is found."""

    bundle: Callable[[], Bundle]
    waiting: Callable[[], int]
    queue_length: Callable[[], int]
    store_up: Callable[[], bool]


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        requests = Counter(
            "padan_requests",
            "Requests by route and status; 429: over a limit, 503: overload or no store.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        request_seconds = Histogram(
            "padan_request_seconds",
            "From the request's head to the answer's end.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        stage_seconds = Histogram(
            "padan_stage_seconds",
            "Time of each stage of the engine, for all requests that share it.",
            ["stage"],
            buckets=SECONDS,
            registry=self._registry,
        )
        candidates = Counter(
            "padan_candidates",
            "Trainings that each source proposed.",
            ["source"],
            registry=self._registry,
        )
        answers = Counter(
            "padan_answers",
            "Lists that were given; neutral ones are made without personal data.",
            ["neutral"],
            registry=self._registry,
        )
        self._neutral, self._personal = answers.labels("yes"), answers.labels("no")
        degraded = Counter(
            "padan_degraded_answers",
            "Lists that were degraded, by cause.",
            ["cause"],
            registry=self._registry,
        )
        excluded = Counter(
            "padan_exclusions",
            "Trainings that a rule kept out of a list that came out short.",
            ["reason"],
            registry=self._registry,
        )
        unmet = Counter(
            "padan_unmet_wishes",
            "Lists that say that nothing permitted fits, by the region above the person's own, the occupation "
            "and the topic wished for.",
            UnmetWish._fields,
            registry=self._registry,
        )
        self._unmet = cache(unmet.labels)
        self._requests = cache(requests.labels)
        self._request_seconds = cache(request_seconds.labels)
        self._stage_seconds = cache(stage_seconds.labels)
        self._candidates = cache(candidates.labels)
        self._degraded = cache(degraded.labels)
        self._excluded = cache(excluded.labels)
        self._drift: Drift | None = None

    def watch(self, watched: Watched) -> None:
        """Say where what holds at the moment is found."""
        self._registry.register(_Present(watched.bundle, lambda: self._drift))
        for name, meaning, read in (
            ("audit_waiting", "Entries of the audit that are not written yet.", watched.waiting),
            ("queue_length", "Requests for lists that wait.", watched.queue_length),
            (
                "store_up",
                "1: the store answered in the last second, 0: it did not.",
                watched.store_up,
            ),
        ):
            Gauge(f"padan_{name}", meaning, registry=self._registry).set_function(read)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests(method, route, str(status)).inc()
        self._request_seconds(route).observe(seconds)

    def observe_stage(self, name: str, seconds: float) -> None:
        """Take the time of one stage."""
        self._stage_seconds(name).observe(seconds)

    def count_lists(self, batch: ParticipantBatch, trace: Trace) -> None:
        """Count lists, one for each of a batch, and take how they came about."""
        for stage, seconds in trace.seconds.items():
            self.observe_stage(stage, seconds)
        for source, count in trace.proposed.items():
            self._candidates(source).inc(count)
        neutral = int(batch.opted_out.sum())
        self._neutral.inc(neutral)
        self._personal.inc(len(batch) - neutral)

    def count_population(
        self, training: PopulationDistribution, batch: ParticipantBatch, year: int
    ) -> None:
        """Count who was answered by the present bundle, which was trained on ``training``."""
        drift = self._drift
        if drift is None or drift.training is not training:
            drift = self._drift = Drift(training)
        drift.add(training.groups.count(batch, year))

    def count_exclusions(self, lists: Iterable[Mapping[str, int]]) -> None:
        """Count what the rules kept out of lists that are short."""
        total: dict[str, int] = {}
        for counts in lists:
            for reason, count in counts.items():
                total[reason] = total.get(reason, 0) + count
        for reason, count in total.items():
            self._excluded(reason).inc(count)

    def count_unmet(self, wishes: Iterable[UnmetWish]) -> None:
        """Count wishes that nothing permitted fits."""
        for wish in wishes:
            self._unmet(*wish).inc()

    def count_degraded(self, cause: str) -> None:
        """Count a degraded list."""
        self._degraded(cause).inc()

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


@dataclass(frozen=True)
class _Present(Collector):
    """Figures that are read when they are asked for."""

    bundle: Callable[[], Bundle]
    drift: Callable[[], Drift | None]

    def collect(self) -> Iterator[Metric]:
        """Yield which bundle answers, and how far its people are from those of its training."""
        manifest = self.bundle().manifest
        facts = {"version": manifest.version, "programme": manifest.programme}
        info = GaugeMetricFamily("padan_bundle", "Which bundle answers.", labels=list(facts))
        info.add_metric(list(facts.values()), 1.0)
        yield info
        build = {"version": version("padan"), "python": python_version()}
        info = GaugeMetricFamily("padan_build", "Which program answers.", labels=list(build))
        info.add_metric(list(build.values()), 1.0)
        yield info
        if drift := self.drift():
            yield from drift.collect()
