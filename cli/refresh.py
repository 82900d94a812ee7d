"""`padan refresh`: the current bundle for today's catalogue, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.exits import exit_on_bad_input
from cli.manifest import print_manifest
from cli.notices import warn_of_rows
from models.bundles.promotion import current, promote
from models.text.teacher import open_teacher
from training_data.home import padan_home


def refresh(
    data: Annotated[Path, typer.Option(help="Dataset directory with today's trainings.")],
    encoder: Annotated[
        str | None,
        typer.Option(help="The encoder it was trained with.", show_default="installed e5"),
    ] = None,
) -> None:
    """Take new, changed and withdrawn trainings into the current bundle; nothing is learnt anew."""
    from recommender.bundle.bundle import load_bundle  # seconds to import
    from recommender.training.refresh import refresh as refresh_bundle
    from store.erasure import open_without_erased

    home = padan_home()
    with exit_on_bad_input():
        teacher = open_teacher(home, encoder)
        bundle = load_bundle(current(home / "bundles"))
        today = bundle.engine.programme.today()
        manifest = refresh_bundle(bundle, open_without_erased(data), teacher, home, today)
        promote(home / "bundles", manifest.version)
    print_manifest(manifest, home)
    warn_of_rows(data)
