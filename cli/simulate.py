"""`padan simulate`: a simulated dataset of people who never lived and what they chose."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from training_data.dataset import Dataset
from training_data.home import padan_home
from training_data.simulation import simulate_dataset


def simulate(
    participants: Annotated[int, typer.Option(min=1, help="People to simulate.")],
    out: Annotated[
        Path | None, typer.Option(help="Dataset directory.", show_default="PADAN_HOME/demo")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same rows.")] = 0,
    day: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Events come before it.", show_default="today (UTC)"
        ),
    ] = None,
) -> None:
    """Write the demo catalogue with simulated classes, participants and interactions."""
    folder = out or padan_home() / "demo"
    today = (day or dt.datetime.now(dt.UTC)).date()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn()) as bar:
        task = bar.add_task("Simulating people", total=participants)
        try:
            dataset = simulate_dataset(
                folder, participants, today, seed, progress=lambda done: bar.advance(task, done)
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    _print(dataset)


def _print(dataset: Dataset) -> None:
    table = Table("table", "rows", title=f"Simulated, not real: {dataset.folder}")
    for name in dataset.tables():
        rows = dataset.scan(name).select(pl.len()).collect().item()
        table.add_row(name, f"{rows:,}")
    Console().print(table)
