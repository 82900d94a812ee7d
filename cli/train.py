"""`padan train`: a dataset directory into a sealed bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import exit_on_bad_input
from cli.notices import warn_of_unknown
from models.bundles.sealing import Manifest
from recommender.objective import DEFAULT, Objective, ObjectiveError
from training_data.home import padan_home


def train(
    data: Annotated[Path, typer.Option(help="Dataset directory.")],
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Text encoder: a directory, or a name on a model hub.", show_default="installed e5"
        ),
    ] = None,
    objective: Annotated[
        Path | None,
        typer.Option(
            help="TOML file: what each kind of event is worth, and the share of outcomes.",
            show_default="see docs/data-scientists.md",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 0,
) -> None:
    """Train on a dataset and make the new bundle the current one."""
    import padan  # seconds to import

    with exit_on_bad_input(ObjectiveError):
        aim = DEFAULT if objective is None else Objective.load(objective)
        model = padan.train(data, encoder=encoder, objective=aim, seed=seed, promote=True)
    print_manifest(model.bundle.manifest, padan_home())
    warn_of_unknown(data)


def print_manifest(manifest: Manifest, home: Path) -> None:
    """Show what a bundle says of itself."""
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
        table.add_row(name, f"{figure:,.4g}" if figure < 1 else f"{figure:,.0f}")
    Console().print(table)
