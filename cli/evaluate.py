"""`padan evaluate`, `padan compare` and `padan split`: how good it is, and whether by chance."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import UNUSABLE, exit_on_bad_input
from cli.notices import warn_of_rows

if TYPE_CHECKING:
    from evaluation.evaluate import Evaluation

Entrants = Annotated[
    list[str],
    typer.Argument(
        help="'train' (ours, trained on the past), popularity, regional-popularity, a bundle, a run "
        "file, file.py:Class, or a .toml config of a class.",
    ),
]
Data = Annotated[Path, typer.Option(help="Dataset directory.")]
Since = Annotated[
    dt.datetime | None,
    typer.Option(help="First day of the test (UTC).", show_default="the last tenth of the events"),
]
Encoder = Annotated[
    str | None,
    typer.Option(help="Text encoder for 'train'.", show_default="the installed one"),
]
Draws = Annotated[int, typer.Option(min=100, help="Bootstrap draws.")]
Seed = Annotated[int, typer.Option(help="Everything random follows from it.")]


def evaluate(
    data: Data,
    entrants: Entrants = ["train", "popularity", "regional-popularity"],  # noqa: B006  typer only reads it
    report: Annotated[
        Path | None, typer.Option(help="HTML file; JSON is written beside it.")
    ] = None,
    curve: Annotated[
        bool,
        typer.Option("--learning-curve", help="Train the first entrant on parts of the past, too."),
    ] = False,
    since: Since = None,
    encoder: Encoder = None,
    draws: Draws = 1000,
    seed: Seed = 0,
) -> None:
    """Measure the first entrant in full, and compare the others with it."""
    from evaluation.judge import Judge  # seconds to import
    from evaluation.report import write_report

    with _exit_on_bad_input():
        evaluation = Judge(data, since, encoder, draws, seed).evaluate(entrants, curve=curve)
    _print(evaluation)
    if report is not None:
        with _exit_on_bad_input():
            write_report(evaluation, report, shlex.join(["padan", *sys.argv[1:]]))
        Console().print(f"Report: {report}, figures: {report.with_suffix('.json')}")
    warn_of_rows(data)


def compare(
    data: Data,
    entrants: Entrants,
    since: Since = None,
    encoder: Encoder = None,
    draws: Draws = 1000,
    seed: Seed = 0,
) -> None:
    """Compare entrants with the first one, paired by person, on every metric and slice."""
    from evaluation.judge import Judge

    with _exit_on_bad_input():
        comparison, suspicions = Judge(data, since, encoder, draws, seed).compare(entrants)
    Console().print(comparison)
    _warn(suspicions)
    warn_of_rows(data)


def split(
    data: Data,
    out: Annotated[Path, typer.Option(help="New dataset directory, with the past only.")],
    since: Since = None,
) -> None:
    """Write the dataset as it stood before the test, to train on elsewhere."""
    from evaluation.cutoff import write_past
    from evaluation.judge import Judge

    with _exit_on_bad_input():
        task = Judge(data, since).open_task()
        write_past(task, out)
    typer.echo(f"{out}: {len(task.events):,} events before {task.border:%Y-%m-%d %H:%M:%S} UTC")
    warn_of_rows(data)


@contextmanager
def _exit_on_bad_input() -> Iterator[None]:
    from evaluation.entrants import EntrantError

    with exit_on_bad_input():
        try:
            yield
        except EntrantError as error:
            typer.echo(f"padan: {error}", err=True)
            raise typer.Exit(UNUSABLE) from error


def _print(evaluation: Evaluation) -> None:
    console = Console()
    table = Table("metric", title=f"Evaluation of {evaluation.name}")
    for column in ("people", "mean", "95% interval"):
        table.add_column(column, justify="right")
    for row in evaluation.headline.iter_rows(named=True):
        table.add_row(
            row["metric"],
            f"{row['users']:,}",
            f"{row['mean']:.4f}",
            f"{row['low']:.4f} to {row['high']:.4f}",
        )
    console.print(table)
    for name, figure in evaluation.catalogue.items():
        console.print(f"{name}: {figure:,.4g}")
    _warn(evaluation.warnings)
    if evaluation.comparison is not None:
        console.print(evaluation.comparison)


def _warn(suspicions: list[str]) -> None:
    for suspicion in suspicions:
        Console().print(f"[bold red]Suspicion of a leak:[/] {suspicion}")
