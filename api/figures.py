"""Counters and histograms that the event loop adds to; the exposition is the library's.

The library's own take a lock with each step and look a label up anew, 2 microseconds that a batch of lists
would spend thirty times over.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BOUNDS: Final = (*map(str, SECONDS), "+Inf")


class Sums(Collector):
    """Counters of one name, by their labels."""

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self._about = name, text
        self._labels = labels
        self._sums: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def add(self, *labels: str, count: float = 1.0) -> None:
        """Add to the counter of these labels."""
        self._sums[labels] += count

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counters."""
        family = CounterMetricFamily(*self._about, labels=self._labels)
        for labels, total in list(self._sums.items()):
            family.add_metric(labels, total)
        yield family


class Times(Collector):
    """Histograms of seconds, by one label."""

    def __init__(self, name: str, text: str, label: str) -> None:
        self._about = name, text
        self._label = label
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BOUNDS))
        self._totals: defaultdict[str, float] = defaultdict(float)

    def add(self, label: str, seconds: float) -> None:
        """Add a time to the histogram of this label."""
        self._counts[label][bisect_left(SECONDS, seconds)] += 1
        self._totals[label] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the histograms."""
        family = HistogramMetricFamily(*self._about, labels=[self._label])
        for label, total in list(self._totals.items()):
            buckets = list(zip(BOUNDS, accumulate(self._counts[label]), strict=True))
            family.add_metric([label], buckets, total)
        yield family
