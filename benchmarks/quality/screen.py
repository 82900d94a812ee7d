"""The quality benchmark on screen."""

from __future__ import annotations

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
    low, high = details["interval"]
    console.print(
        f"NDCG@10 {outcome.figure:.3f} times that of the best peer, {details['best_peer']}; "
        f"difference {details['difference']:+.4f}, 95% interval {low:+.4f} to {high:+.4f}"
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
    training = details["training"]
    console.print(
        f"ours, all included: {training['seconds']:.0f} s, at most {training['peak_mb']:,.0f} MB"
    )
