"""Two checkouts of the service in turn, on one core, over one bundle: what a change is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from benchmarks.serve.core_watch import watch_core
from benchmarks.serve.phases import Figures, at_full_speed
from benchmarks.serve.process import cores_apart
from benchmarks.serve.run import build_once, serve_everybody

TARGET: Final = 0.9  # of the other's requests a second
ROUNDS, MAX_ROUNDS = 12, 24
SECONDS: Final = 2.0  # of each at full speed in a round


def run(
    other: Path, *, courses: int = 5_000, participants: int = 5_000, home: Path
) -> BenchmarkResult:
    """Measure this service and another one in turn.

    Parameters
    ----------
    other : Path
        The other checkout's ``padan`` program; it must read the bundles of this one.
    home : Path
        Data and bundles are made below it, and taken from there the next time.
    """
    build_once(courses, participants, home)
    with (
        cores_apart() as core,
        serve_everybody(courses, participants, home, core) as (ours, requests, _),
        serve_everybody(courses, participants, home, core, str(other.absolute())) as (
            theirs,
            asked,
            _,
        ),
        watch_core(core) as watch,
    ):

        def measure() -> tuple[Figures, Figures]:
            return at_full_speed(ours, requests, SECONDS), at_full_speed(theirs, asked, SECONDS)

        rounds = watch.repeat(measure, ROUNDS, MAX_ROUNDS).steadiest
        mib = ours.mib(), theirs.mib()
    ratios = {
        name: np.quantile([mine[name] / other[name] for mine, other in rounds], (0.25, 0.5, 0.75))
        for name in ("requests_a_second", "processor_ms")
    }
    figure = float(ratios["requests_a_second"][1])
    _show(ratios, mib)
    return BenchmarkResult(
        "serve-against",
        round(figure, 3),
        TARGET,
        figure >= TARGET,
        {name: quartiles.round(3).tolist() for name, quartiles in ratios.items()}
        | {"mib": list(mib), "rounds": len(rounds)},
    )


def _show(ratios: dict[str, np.ndarray], mib: tuple[float, float]) -> None:
    table = Table("this to the other", "lower quartile", "median", "upper quartile")
    for name, quartiles in ratios.items():
        table.add_row(name.replace("_", " "), *(f"{value:.3f}" for value in quartiles))
    console = Console()
    console.print(table)
    console.print(f"Memory: {mib[0]:.0f} MiB, the other {mib[1]:.0f} MiB.")
