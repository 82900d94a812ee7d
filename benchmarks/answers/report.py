"""The figures of `padan bench answers` on screen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.answers.figures import FIGURES
from benchmarks.answers.judgements import HALVES
from benchmarks.result import BenchmarkResult


def show(result: BenchmarkResult) -> None:
    """Print a table a half: every system with the interval of each figure; then fit and phrases."""
    console = Console()
    for half in HALVES:
        table = Table("system", *FIGURES, title=f"{result.bench}, {half.replace('_', ' ')} half")
        figures = dict(result.details[half])
        fit = figures.pop("fit")
        for system, by_name in figures.items():
            cells = (by_name[name] for name in FIGURES)
            table.add_row(system, *(f"{m:.3f} [{low:.3f}, {high:.3f}]" for m, low, high in cells))
        console.print(table)
        console.print(", ".join(f"{name} {value:.2f}" for name, value in fit.items()))
        phrases = result.details["phrases"][half]
        console.print(
            f"phrases: precision {phrases['precision']:.3f}, recall {phrases['recall']:.3f}"
        )
