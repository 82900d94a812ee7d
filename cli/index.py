"""`padan index`: everybody's profile in one index, for officers who ask whom a training fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.batch import create_people_bar, open_shards
from cli.exits import exit_on_bad_input
from cli.inputs import BundleFolder
from models.bundles.promotion import current
from training_data.home import padan_home


def index(
    participants: Annotated[
        Path, typer.Option(help="Folder of shards, or a dataset directory, which is split first.")
    ],
    bundle: BundleFolder = None,
) -> None:
    """Index everybody's profile beside a bundle: audiences are then found among all people, not some."""
    from recommender.batch.everybody import index_everybody  # seconds to import
    from recommender.batch.local import embed_here
    from recommender.batch.run import plan_work

    with exit_on_bad_input():
        chosen = bundle or current(padan_home() / "bundles")
        with open_shards(participants) as folder, create_people_bar() as bar:
            task = bar.add_task("", total=None)
            count = index_everybody(
                plan_work(chosen, folder),
                embed_here,
                lambda of: bar.update(task, total=of),
                lambda people: bar.advance(task, people),
            )
    typer.echo(f"{count:,} people indexed; services find audiences among them from now on")
