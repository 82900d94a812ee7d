"""`padan batch`: lists for everybody, shard by shard; a run that was stopped goes on where it stopped."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from cli.exits import exit_on_bad_input
from cli.inputs import BundleFolder
from models.bundles.promotion import current
from training_data.home import padan_home

if TYPE_CHECKING:
    from recommender.batch.run import AnswerShards


def batch(
    participants: Annotated[
        Path, typer.Option(help="Folder of shards, or a dataset directory, which is split first.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the results; a rerun goes on with it.")],
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="This machine, or a Ray cluster (the ray extra)."),
    ] = "local",
    address: Annotated[
        str | None, typer.Option(help="Of the Ray cluster.", show_default="one of this machine's")
    ] = None,
    bundle: BundleFolder = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Length of a list.")] = 10,
    day: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the lists.", show_default="today"),
    ] = None,
) -> None:
    """Recommend to everybody, with the reasons of each training as codes with evidence."""
    from recommender.batch.parts import BatchError
    from recommender.batch.run import plan_work, run

    with exit_on_bad_input(BatchError):
        if engine == "local" and address is not None:
            raise BatchError("--address is of a Ray cluster; add --engine ray")
        chosen = bundle or current(padan_home() / "bundles")
        with (
            open_shards(participants) as folder,
            create_people_bar() as bar,
        ):
            task = bar.add_task("", total=None)
            done = run(
                plan_work(chosen, folder, day and day.date(), k),
                out,
                _open_engine(engine, address),
                lambda before, of: bar.update(task, total=of - before),
                lambda people: bar.advance(task, people),
            )
    typer.echo(
        f"{out}: {done.people:,} people in {done.shards:,} shards answered, "
        f"{done.kept:,} shards were there"
    )


def create_people_bar() -> Progress:
    """Return a bar that counts people, with their rate and the time left."""
    columns = (TextColumn("People"), BarColumn(), MofNCompleteColumn(), _Rate())
    return Progress(*columns, TimeRemainingColumn())


def open_shards(participants: Path) -> AbstractContextManager[Path]:
    """Return the folder of the shards; those of a dataset are split off it, and go with the block."""
    from recommender.batch.pruning import split_for_a_run
    from store.erasure import open_without_erased
    from training_data.dataset import INFO_FILE

    if (participants / INFO_FILE).is_file():
        return split_for_a_run(open_without_erased(participants), padan_home() / "shards")
    return nullcontext(participants)


def _open_engine(engine: str, address: str | None) -> AnswerShards:
    if engine == "local":
        from recommender.batch.local import answer_here

        return answer_here
    from recommender.batch.on_ray import answer_on_ray

    return partial(answer_on_ray, address=address)


class _Rate(ProgressColumn):
    """People a second."""

    def render(self, task: Task) -> Text:
        """Return the rate; nothing before the first shard."""
        return Text("" if not task.speed else f"{task.speed:,.0f} a second")
