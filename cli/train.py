"""`padan train`: a dataset directory into a sealed bundle."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import stopping
from models.bundles.promotion import promote
from models.bundles.sealing import Manifest
from models.text.embedding_cache import CachedEncoder, EmbeddingCache
from models.text.encoder import SentenceEncoder
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
            show_default="see docs/ranking.md",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 0,
) -> None:
    """Train on a dataset and make the new bundle the current one."""
    from recommender.training.train import train as train_bundle  # seconds to import
    from store.erasure import open_remaining

    home = padan_home()
    with stopping(ObjectiveError):
        teacher = SentenceEncoder(encoder or home / "encoders" / "multilingual-e5-small")
        reader = CachedEncoder(teacher, EmbeddingCache(home))
        aim = DEFAULT if objective is None else Objective.load(objective)
        manifest = train_bundle(open_remaining(data), reader, home, dt.date.today(), seed, aim)
        promote(home / "bundles", manifest.version)
    print_manifest(manifest, home)


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
