"""Two checkouts of the service in turn, on one core, over one bundle: what a change is worth."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from benchmarks.serve.core_watch import watch_core
from benchmarks.serve.data import Setup, build
from benchmarks.serve.phases import Figures, at_full_speed
from benchmarks.serve.process import Served, cores_apart
from benchmarks.serve.run import serve_everybody

TARGET: Final = 0.9  # of the other's requests a second
ROUNDS, MAX_ROUNDS = 12, 24
SECONDS: Final = 2.0  # of each at full speed in a round


def run(other: Path, setup: Setup) -> BenchmarkResult:
    """Measure this service and another one in turn.

    Parameters
    ----------
    other : Path
        The other checkout's ``padan`` program; it must read the bundles of this one.
    """
    build(setup)
    programs = "padan", str(other.absolute())
    with cores_apart() as core, watch_core(core) as watch, ExitStack() as stack:
        both = [
            stack.enter_context(serve_everybody(setup, [core], program))[:2] for program in programs
        ]
        rounds = watch.repeat(lambda: _measure_both(both), ROUNDS, MAX_ROUNDS).steadiest
        mib = [served.mib() for served, _ in both]
    table = {
        name: np.array([[turn[name] for turn in two] for two in rounds]) for name in rounds[0][0]
    }
    ratios = {
        name: np.quantile(values[:, 0] / values[:, 1], (0.25, 0.5, 0.75))
        for name, values in table.items()
    }
    figure = float(ratios["requests_a_second"][1])
    medians = {name: np.median(values, axis=0) for name, values in table.items()}
    _show(medians, ratios, mib)
    return BenchmarkResult(
        "serve-against",
        round(figure, 3),
        TARGET,
        figure >= TARGET,
        {name: quartiles.round(3).tolist() for name, quartiles in ratios.items()}
        | {"medians": {name: values.round(3).tolist() for name, values in medians.items()}}
        | {"mib": mib, "rounds": len(rounds)},
    )


def _measure_both(both: Sequence[tuple[Served, list[bytes]]]) -> tuple[Figures, Figures]:
    """Ask each twice, in the order that favours neither."""
    first, second = (at_full_speed(*one, SECONDS / 2) for one in both)
    third, fourth = (at_full_speed(*one, SECONDS / 2) for one in reversed(both))
    return _mean(first, fourth), _mean(second, third)


def _mean(one: Figures, other: Figures) -> Figures:
    return {name: (value + other[name]) / 2 for name, value in one.items()}


def _show(
    medians: dict[str, NDArray[np.float64]],
    ratios: dict[str, NDArray[np.float64]],
    mib: list[float],
) -> None:
    table = Table("", "this", "the other", "lower quartile", "median ratio", "upper quartile")
    for name, quartiles in ratios.items():
        figures = *(f"{value:.2f}" for value in medians[name]), *(f"{q:.3f}" for q in quartiles)
        table.add_row(name.replace("_", " "), *figures)
    table.add_row("MiB", *(f"{value:.0f}" for value in mib))
    Console().print(table)
