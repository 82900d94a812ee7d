"""What is counted is exposed as Prometheus' own client would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from api.figures import SECONDS, Sums, Times

LABELS = st.sampled_from(["a", "b", 'c "quoted"\n'])
TIMES = st.one_of(st.sampled_from(SECONDS), st.floats(0, 10))


def page(registry: CollectorRegistry) -> list[str]:
    """Return what is exposed, without when the client's own figures began."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


@given(st.lists(st.tuples(LABELS, LABELS, st.integers(0, 200))))
def test_sums_are_the_counters_of_the_client(added: list[tuple[str, str, int]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    sums = Sums("things", "Some things.", ["of", "by"])
    ours.register(sums)
    counter = Counter("things", "Some things.", ["of", "by"], registry=theirs)
    for of, by, count in added:
        sums.add(of, by, count=count)
        counter.labels(of, by).inc(count)
    assert page(ours) == page(theirs)


@given(st.lists(st.tuples(LABELS, TIMES)))
def test_times_are_the_histograms_of_the_client(taken: list[tuple[str, float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    times = Times("waits", "Some waits.", "of")
    ours.register(times)
    histogram = Histogram("waits", "Some waits.", ["of"], buckets=SECONDS, registry=theirs)
    for of, seconds in taken:
        times.add(of, seconds)
        histogram.labels(of).observe(seconds)
    assert page(ours) == page(theirs)
