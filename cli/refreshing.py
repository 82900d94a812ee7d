"""`padan refresh`: the current bundle for today's catalogue, without training."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from cli.stopping import stopping
from cli.training import print_manifest
from models.embedding_cache import CachedEncoder, EmbeddingCache
from models.encoder import SentenceEncoder
from models.promotion import current, promote
from training_data.home import padan_home


def refresh(
    data: Annotated[Path, typer.Option(help="Dataset directory with today's trainings.")],
    encoder: Annotated[
        str | None,
        typer.Option(help="The encoder it was trained with.", show_default="installed e5"),
    ] = None,
) -> None:
    """Take new, changed and withdrawn trainings into the current bundle; nothing is learnt anew."""
    from recommender.bundle import load_bundle  # seconds to import
    from recommender.refreshing import refresh as refresh_bundle
    from training_data.store.erasure import open_remaining

    home = padan_home()
    with stopping():
        teacher = SentenceEncoder(encoder or home / "encoders" / "multilingual-e5-small")
        reader = CachedEncoder(teacher, EmbeddingCache(home))
        bundle = load_bundle(current(home / "bundles"))
        manifest = refresh_bundle(bundle, open_remaining(data), reader, home, dt.date.today())
        promote(home / "bundles", manifest.version)
    print_manifest(manifest, home)
