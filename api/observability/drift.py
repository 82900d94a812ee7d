"""Whether the people who ask are still those whom the bundle was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from recommender.participants.population import Counts, PopulationDistribution, stability_index

WINDOW: Final = 10_000  # people; the index is of the last one to two windows
MIN_PARTICIPANTS: Final = 1_000  # below, chance alone moves the index


class Drift:
    """Counts people by group, and measures how far they are from those of the training."""

    def __init__(self, training: PopulationDistribution) -> None:
        self.training = training
        self._total, self._before, self._now = (0 * training.counts for _ in range(3))
        self._lock = Lock()

    def add(self, counts: Counts) -> None:
        """Count people."""
        with self._lock:
            self._total += counts
            self._now += counts
            if self._people(self._now) >= WINDOW:
                self._before, self._now = self._now, 0 * self._now

    def collect(self) -> Iterator[Metric]:
        """Yield the counts, and the index of the last people."""
        with self._lock:
            total, recent = self._total.copy(), self._before + self._now
        people = CounterMetricFamily(
            "padan_participants",
            "Participants who were answered, by group.",
            labels=["attribute", "group"],
        )
        for name, count in zip(self.training.groups.names, total, strict=True):
            people.add_metric(name, float(count))
        yield people
        index = GaugeMetricFamily(
            "padan_population_stability_index",
            "How far the last people are from those of the training; above 0.25 they are others.",
            labels=["attribute"],
        )
        if self._people(recent) >= MIN_PARTICIPANTS and self._people(self.training.counts):
            for attribute, part in self.training.groups.parts.items():
                index.add_metric(
                    [attribute], stability_index(self.training.counts[part], recent[part])
                )
        yield index

    def _people(self, counts: Counts) -> int:
        return int(counts[self.training.groups.parts["age"]].sum())  # everybody is of one age
