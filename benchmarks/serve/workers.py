"""Several workers and one, in turn, on all cores: what a further process is worth.

The load comes from the same cores, so several workers have less than all of them, while one worker has a core to
itself: the load's share of the processor is told beside the ratio. So is what other programs took: the turns that
count are those in which they took least.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
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
ROUNDS, ALL_ROUNDS = 7, 15  # that count, the quietest of all
SECONDS: Final = 2.0  # of each in a round
LOAD, OTHERS = "load_share", "others_share"  # of all cores' time
BUSY: Final = (1, 2, 3, 6, 7, 8)  # fields of /proc/stat: all but idle, waiting and guests


def run(setup: Setup, workers: int) -> BenchmarkResult:
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
        every = [_measure_both(both, turn % 2 == 1) for turn in range(ALL_ROUNDS)]
        mib = [served.mib() for served, _ in both]
    turns = sorted(every, key=lambda turn: max(one[OTHERS] for one in turn))[:ROUNDS]
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
        | {"ratios": np.round(ratios, 3).tolist(), "medians": medians}
        | {"others_share": [max(one[OTHERS] for one in turn) for turn in turns]},
    )


def _measure_both(
    both: Sequence[tuple[Served, list[bytes]]], reverse: bool
) -> tuple[Figures, Figures]:
    """Ask each, in the order that is asked for; give the figures of several workers first."""
    measured = [_measure(*one) for one in (both[::-1] if reverse else both)]
    many, one = measured[::-1] if reverse else measured
    return many, one


def _measure(served: Served, requests: list[bytes]) -> Figures:
    began, busy = time.monotonic(), _busy_seconds()
    ours = served.processor_seconds(), processor_seconds(os.getpid())
    found = at_full_speed(served, requests, SECONDS)
    available = (time.monotonic() - began) * len(os.sched_getaffinity(0))
    service = served.processor_seconds() - ours[0]
    load = processor_seconds(os.getpid()) - ours[1]
    others = max(0.0, _busy_seconds() - busy - service - load)
    return found | {LOAD: round(load / available, 3), OTHERS: round(others / available, 3)}


def _busy_seconds() -> float:
    """Return the time that all cores have been at work."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    return sum(int(fields[place]) for place in BUSY) / os.sysconf("SC_CLK_TCK")


def _show(workers: int, medians: dict[str, list[float]], mib: list[float]) -> None:
    table = Table("", f"{workers} workers", "one", "ratio")
    for name, (many, one) in (medians | {"MiB": mib}).items():
        ratio = f"{many / one:,.2f}" if one else ""
        table.add_row(name.replace("_", " "), f"{many:,.2f}", f"{one:,.2f}", ratio)
    Console().print(table)
