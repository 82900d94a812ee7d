"""What a bundle says of itself, on screen."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from models.bundles.sealing import Manifest
from models.bundles.training_report import Estimate, Foretold, TrainingReport


def print_manifest(manifest: Manifest, home: Path) -> None:
    """Show what a bundle is made of, how its ranker was chosen, and what its training cost."""
    table = Table("bundle", manifest.version)
    table.add_row("folder", str(home / "bundles" / manifest.version))
    table.add_row("rules", manifest.programme)
    table.add_row("regions", manifest.regions)
    table.add_row("encoder", manifest.encoder)
    table.add_row("data", manifest.data[:16] + (" (simulated)" if manifest.simulated else ""))
    table.add_row(
        "objective", ", ".join(f"{key} {value:g}" for key, value in manifest.objective.items())
    )
    for name, figure in manifest.metrics.items():
        table.add_row(name, f"{figure:,.0f}")
    console = Console()
    console.print(table)
    if manifest.training is not None:
        _print_validation(manifest.training, console)
        _print_costs(manifest.training, console)


def _print_validation(report: TrainingReport, console: Console) -> None:
    told = report.validation
    if told is None:
        return
    table = Table("", "NDCG@10", "Recall@10", "ms a person")
    for source in told.sources:
        _add_row(table, source.name, source)
    table.add_section()
    for ranker in told.rankers:
        chosen = "  <- chosen" if ranker.name == told.chosen else ""
        _add_row(table, ranker.name + chosen, ranker)
    console.print(
        f"what {told.participants:,} participants of the latest cutoff took: foretold by each source alone, and by "
        "each ranker (95% intervals)"
    )
    console.print(table)
    console.print(
        f"the {told.candidates:,.0f} candidates of all sources together hold "
        f"{_tell(told.candidate_recall, '.1%')} of what was taken"
    )


def _add_row(table: Table, name: str, row: Foretold) -> None:
    milliseconds = "" if row.milliseconds is None else f"{row.milliseconds:.2f}"
    table.add_row(name, _tell(row.ndcg, ".4f"), _tell(row.recall, ".4f"), milliseconds)


def _tell(value: Estimate, form: str) -> str:
    return f"{value.mean:{form}} ({value.low:{form}} to {value.high:{form}})"


def _print_costs(report: TrainingReport, console: Console) -> None:
    table = Table("step of training", "seconds", "peak MB")
    for cost in report.costs:
        table.add_row(cost.step, f"{cost.seconds:,.1f}", f"{cost.peak_mb:,.0f}")
    console.print(table)
