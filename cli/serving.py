"""`padan serve`: the service over the current bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.stopping import stopping
from models.sealing import current
from training_data.dataset import Dataset
from training_data.home import padan_home


def serve(
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle directory.", show_default="the current one")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Dataset directory whose participants can be asked for by id."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Serve recommendations over HTTP."""
    import uvicorn  # seconds to import, with the engine

    from api.app import create_app
    from api.people import People
    from recommender.bundle import load_bundle

    with stopping():
        app = create_app(
            load_bundle(bundle or current(padan_home() / "bundles")),
            People(Dataset.open(data) if data else None),
        )
    uvicorn.run(app, host=host, port=port, log_level="warning")
