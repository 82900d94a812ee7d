"""What operators watch, in Prometheus' terms; labels name routes, stages, sources and rules, never people.

The figures are of one process: each process of the service is scraped for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.drift import Drift
from api.figures import Sums, Times
from recommender.bundle import Bundle
from recommender.mix import Mix
from recommender.participants import ParticipantBatch
from recommender.trace import Trace

MEDIA_TYPE: Final = "text/plain; version=0.0.4"


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._requests = Sums(
            "padan_requests",
            "Requests by route and status; 429: over a limit, 503: overload or no store.",
            ["method", "route", "status"],
        )
        self._request_seconds = Times(
            "padan_request_seconds", "From the request's head to the answer's end.", "route"
        )
        self._stage_seconds = Times(
            "padan_stage_seconds",
            "Time of each stage of the engine, for all requests that share it.",
            "stage",
        )
        self._candidates = Sums(
            "padan_candidates", "Trainings that each source proposed.", ["source"]
        )
        self._answers = Sums(
            "padan_answers",
            "Lists that were given; neutral ones are made without personal data.",
            ["neutral"],
        )
        self._degraded = Sums(
            "padan_degraded_answers", "Lists that were made in a simpler way, by cause.", ["cause"]
        )
        self._excluded = Sums(
            "padan_exclusions",
            "Trainings that a rule kept out of a list that came out short.",
            ["reason"],
        )
        self._registry = CollectorRegistry()
        for figures in (
            self._requests,
            self._request_seconds,
            self._stage_seconds,
            self._candidates,
            self._answers,
            self._degraded,
            self._excluded,
        ):
            self._registry.register(figures)
        self._drift: Drift | None = None

    def watch(self, bundle: Callable[[], Bundle], waiting: Callable[[], int]) -> None:
        """Say where the present bundle and the length of the audit's queue are found."""
        self._registry.register(_Present(bundle, lambda: self._drift))
        Gauge(
            "padan_audit_waiting",
            "Entries of the audit that are not written yet.",
            registry=self._registry,
        ).set_function(waiting)

    def answered_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.add(method, route, str(status))
        self._request_seconds.add(route, seconds)

    def stage(self, name: str, seconds: float) -> None:
        """Take the time of one stage."""
        self._stage_seconds.add(name, seconds)

    def answered(self, batch: ParticipantBatch, trace: Trace) -> None:
        """Take how people were answered."""
        for stage, seconds in trace.seconds.items():
            self.stage(stage, seconds)
        for source, count in trace.proposed.items():
            self._candidates.add(source, count=count)
        neutral = int(batch.opted_out.sum())
        self._answers.add("yes", count=neutral)
        self._answers.add("no", count=len(batch) - neutral)

    def met(self, mix: Mix, batch: ParticipantBatch, year: int) -> None:
        """Count who was answered by the present bundle, whose mix is ``mix``."""
        drift = self._drift
        if drift is None or drift.training is not mix:
            drift = self._drift = Drift(mix)
        drift.add(mix.kinds.count(batch, year))

    def excluded(self, lists: Iterable[Mapping[str, int]]) -> None:
        """Count what the rules kept out of lists that are short."""
        total: dict[str, int] = {}
        for counts in lists:
            for reason, count in counts.items():
                total[reason] = total.get(reason, 0) + count
        for reason, count in total.items():
            self._excluded.add(reason, count=count)

    def degraded(self, cause: str) -> None:
        """Count a list that was made in a simpler way."""
        self._degraded.add(cause)

    def page(self) -> bytes:
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
        if drift := self.drift():
            yield from drift.collect()
