"""The quality benchmark on screen."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.quality.figures import OURS
from benchmarks.result import BenchmarkResult


def show(outcome: BenchmarkResult, console: Console) -> None:
    """Print the table of a finished benchmark."""
    details = outcome.details
    table = Table(title=f"{outcome.bench}: {details['warm_participants']:,} warm participants")
    table.add_column("model", no_wrap=True)
    metrics = list(next(iter(details["warm"].values())))
    for name in [*metrics, "trials"]:
        table.add_column(name, justify="right")
    for name, figures in details["warm"].items():
        values = (f"{figures[metric]:.4f}" for metric in metrics)
        table.add_row(name, *values, str(details["tuning"][name]["trials"]))
    console.print(table)
    _show_sources(details["sources"], metrics, console)
    low, high = details["interval"]
    console.print(
        f"NDCG@10 {outcome.figure:.3f} times that of the best peer, {details['best_peer']}; "
        f"difference {details['difference']:+.4f}, 95% interval {low:+.4f} to {high:+.4f}"
    )
    if "over_cuts" in details:
        over = details["over_cuts"]
        console.print(
            f"mean of {over['cuts']} cuts in time: NDCG@10 {over['means'][OURS]:.4f}, {over['ratio']:.3f} times "
            f"that of the best peer in the mean, {over['best_peer']}"
        )
    if details["kept"]:
        console.print(
            f"kept from an earlier run of the same data, split, versions and budget (--fresh runs anew): "
            f"{', '.join(details['kept'])}"
        )
    if "cold" in details:
        cold = details["cold"]
        console.print(
            f"{cold['participants']:,} newcomers: NDCG@10 {cold[OURS]['ndcg@10']:.4f}, "
            f"{cold['against_popularity']['ratio']:.2f} times popularity's"
        )
    new = details["new_courses"]
    if new["events"]:
        console.print(
            f"{new['events']:,.0f} events of courses nobody had taken: Recall@20 {new[OURS]:.4f}, "
            f"a random ranking's {new['random ranking']:.4f}"
        )
    _show_training(details["training"], console)


def _show_sources(sources: dict[str, Any], metrics: list[str], console: Console) -> None:
    table = Table(
        title=f"each source of ours alone; the {sources['candidates']:,.0f} candidates of all together hold "
        f"{sources['candidate_recall']:.1%} of what was taken"
    )
    table.add_column("source", no_wrap=True)
    for name in metrics:
        table.add_column(name, justify="right")
    for name, figures in sources["alone"].items():
        table.add_row(name, *(f"{figures[metric]:.4f}" for metric in metrics))
    console.print(table)


def _show_training(training: dict[str, Any], console: Console) -> None:
    costs = training["costs"]
    table = Table("ours, training", "seconds", "peak MB")
    for cost in costs:
        table.add_row(cost["step"], f"{cost['seconds']:,.1f}", f"{cost['peak_mb']:,.0f}")
    console.print(table)
    if training["validation"]:
        console.print(f"ranker chosen on validation: {training['validation']['chosen']}")
