"""`padan evaluate`, `padan compare` and `padan split`: how good it is, and whether by chance."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import UNUSABLE, stopping
from training_data.home import padan_home

if TYPE_CHECKING:
    from evaluation.evaluate import Evaluation
    from evaluation.task import Task

Entrants = Annotated[
    list[str],
    typer.Argument(
        help="'train' (ours, trained on the past), popularity, regional-popularity, a bundle, a run "
        "file, or file.py:Class.",
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
    from evaluation.curves import learning_curve  # seconds to import
    from evaluation.entrants import entered, lists_of
    from evaluation.evaluate import evaluate as measure
    from evaluation.report import write_report

    with _stopping():
        task = _task(data, since, seed)
        train = _trainer(encoder, seed)
        task, lists = entered(entrants, task, train)
        learning = None
        if curve:
            learning = learning_curve(
                task,
                lambda part: lists_of(entrants[0], task, train, learn_from=part),
                lists[0],
                draws=draws,
                seed=seed,
            )
        evaluation = measure(task, lists, learning=learning, draws=draws, seed=seed)
    _print(evaluation)
    if report is not None:
        write_report(evaluation, report, shlex.join(["padan", *sys.argv[1:]]))
        Console().print(f"Report: {report}, figures: {report.with_suffix('.json')}")


def compare(
    data: Data,
    entrants: Entrants,
    since: Since = None,
    encoder: Encoder = None,
    draws: Draws = 1000,
    seed: Seed = 0,
) -> None:
    """Compare entrants with the first one, paired by person, on every metric and slice."""
    from evaluation.entrants import entered
    from evaluation.evaluate import compare_entrants, suspicions

    with _stopping():
        task = _task(data, since, seed)
        train = _trainer(encoder, seed)
        task, lists = entered(entrants, task, train)
        comparison = compare_entrants(task, lists, draws=draws, seed=seed)
    Console().print(comparison)
    _warn(suspicions(task, lists))


def split(
    data: Data,
    out: Annotated[Path, typer.Option(help="New dataset directory, with the past only.")],
    since: Since = None,
) -> None:
    """Write the dataset as it stood before the test, to train on elsewhere."""
    from evaluation.cutoff import write_past

    with _stopping():
        task = _task(data, since, 0)
        write_past(task, out)
    typer.echo(f"{out}: {len(task.events):,} events before {task.border:%Y-%m-%d %H:%M:%S} UTC")


def _task(data: Path, since: dt.datetime | None, seed: int) -> Task:
    from evaluation.cutoff import task_from_dataset
    from store.erasure import open_remaining

    border = None if since is None else since.replace(tzinfo=dt.UTC)
    return task_from_dataset(open_remaining(data), since=border, seed=seed)


def _trainer(encoder: str | None, seed: int) -> Callable[[Task], Path]:
    """Return what trains a bundle on the past of a task; the past itself is not kept."""

    def train(task: Task) -> Path:
        from evaluation.cutoff import write_past
        from models.text.embedding_cache import CachedEncoder, EmbeddingCache
        from models.text.encoder import SentenceEncoder
        from recommender.training.train import train as train_bundle

        home = padan_home()
        teacher = SentenceEncoder(encoder or home / "encoders" / "multilingual-e5-small")
        reader = CachedEncoder(teacher, EmbeddingCache(home))
        with tempfile.TemporaryDirectory() as folder:
            past = write_past(task, Path(folder) / "past")
            manifest = train_bundle(past, reader, home, task.border.date(), seed)
        return home / "bundles" / manifest.version

    return train


@contextmanager
def _stopping() -> Iterator[None]:
    from evaluation.entrants import EntrantError

    with stopping():
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
