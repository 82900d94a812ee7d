"""Several workers and one, in turn, on all cores: what a further process is worth.

The load comes from the same cores, so several workers have less than all of them, while one worker has a core to
itself: the load's share of the processor is told beside the ratio.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from benchmarks.serve.data import Setup, build
from benchmarks.serve.phases import Figures, at_full_speed
from benchmarks.serve.process import Served, processor_seconds
from benchmarks.serve.run import serve_everybody

TARGET: Final = 1.7  # of one worker's requests a second, by two
ROUNDS: Final = 9
SECONDS: Final = 3.0  # of each in a round
LOAD: Final = "load_share"  # of all cores' time


def run(setup: Setup, workers: int, rounds: int = ROUNDS) -> BenchmarkResult:
    """Measure so many workers and one in turn."""
    build(setup)
    cores = os.sched_getaffinity(0)
    with ExitStack() as stack:
        both = [
            stack.enter_context(serve_everybody(setup, cores, workers=count))[:2]
            for count in (workers, 1)
        ]
        for one in both:  # each process then has met everybody
            at_full_speed(*one, SECONDS * workers)
        turns = [_measure_both(both, turn % 2 == 1) for turn in range(rounds)]
        mib = [served.mib() for served, _ in both]
    ratios = [many["requests_a_second"] / one["requests_a_second"] for many, one in turns]
    lower, figure, upper = np.quantile(ratios, (0.25, 0.5, 0.75)).round(3).tolist()
    medians = {
        name: [float(np.median([turn[place][name] for turn in turns])) for place in (0, 1)]
        for name in turns[0][0]
    }
    _show(workers, medians, mib)
    target = 1 + (TARGET - 1) * (workers - 1)
    return BenchmarkResult(
        "serve-workers",
        figure,
        target,
        figure >= target,
        {"workers": workers, "cores": len(cores), "quartiles": [lower, upper], "mib": mib}
        | {"ratios": np.round(ratios, 3).tolist(), "medians": medians},
    )


def _measure_both(
    both: Sequence[tuple[Served, list[bytes]]], reverse: bool
) -> tuple[Figures, Figures]:
    """Ask each, in the order that is asked for; give the figures of several workers first."""
    measured = [_measure(*one) for one in (both[::-1] if reverse else both)]
    many, one = measured[::-1] if reverse else measured
    return many, one


def _measure(served: Served, requests: list[bytes]) -> Figures:
    began, before = time.monotonic(), processor_seconds(os.getpid())
    found = at_full_speed(served, requests, SECONDS)
    spent = processor_seconds(os.getpid()) - before
    available = (time.monotonic() - began) * len(os.sched_getaffinity(0))
    return found | {LOAD: round(spent / available, 3)}


def _show(workers: int, medians: dict[str, list[float]], mib: list[float]) -> None:
    table = Table("", f"{workers} workers", "one", "ratio")
    for name, (many, one) in (medians | {"MiB": mib}).items():
        table.add_row(
            name.replace("_", " "), *(f"{value:,.2f}" for value in (many, one, many / one))
        )
    Console().print(table)
