"""`padan serve`: the service over the current bundle and the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.config import exit_on_bad_settings
from cli.exits import UNUSABLE, exit_on_bad_input
from cli.thread_limits import pin_threads
from training_data.dataset import Dataset
from training_data.home import padan_home

if TYPE_CHECKING:
    from api.settings import ServiceSettings
    from store.database import Store

DEVELOPMENT = """\
------------------------------------------------------------------------------------------
 DEVELOPMENT MODE: no API key and no PADAN_JWKS is set, so whoever reaches this service
 may do everything. It listens on {host} only. For any other use make a key first:
 padan store add-key NAME --scope portal
------------------------------------------------------------------------------------------"""
UNPROTECTED = (
    "without an API key or PADAN_JWKS the service listens on 127.0.0.1 only; "
    "make a key with `padan store add-key NAME --scope portal`"
)


def serve(
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle directory.", show_default="the current one")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Dataset whose participants and events the store takes in, once."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    candidate: Annotated[
        Path | None, typer.Option(help="Bundle directory that some participants get, by a hash.")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0, max=1, help="Of the participants, for --candidate.")
    ] = 0.1,
    shadow: Annotated[
        Path | None, typer.Option(help="Bundle directory that answers unseen and is compared.")
    ] = None,
    shadow_share: Annotated[
        float, typer.Option(min=0, max=1, help="Of the requests, for --shadow.")
    ] = 0.1,
) -> None:
    """Serve recommendations over HTTP, and follow `padan promote` unless a bundle is named."""
    pin_threads("serve")
    exit_on_bad_settings()
    from sqlalchemy.exc import OperationalError

    from api.app import create_app
    from api.deployment.releases import Experiment, Release, Releases, newest_whole
    from api.deployment.shadow import Shadow
    from api.observability import logs  # seconds to import, with the engine
    from api.observability.tracing import Tracing
    from api.process.interpreter import settle, take_turns
    from api.process.server import listen
    from api.security.access import is_loopback
    from api.security.tokens import KeySetError
    from api.settings import ServiceSettings

    with exit_on_bad_input(KeySetError, ModuleNotFoundError, OperationalError):
        settings = ServiceSettings()
        logs.start(settings.log_level)
        store = _open_store(data)
        development = not _is_protected(store, settings)
        if development and not is_loopback(host):
            typer.echo(f"padan: {UNPROTECTED}", err=True)
            raise typer.Exit(UNUSABLE)
        bundles = padan_home() / "bundles"
        app = create_app(
            Releases(
                Release.load(bundle) if bundle else newest_whole(bundles),
                None if bundle else bundles,
                Experiment(Release.load(candidate), share) if candidate else None,
            ),
            store,
            settings,
            shadow=Shadow(Release.load(shadow), shadow_share) if shadow else None,
            tracing=Tracing.from_environment(),
            development=development,
        )
    if development:
        typer.echo(DEVELOPMENT.format(host=host), err=True)
    settle()
    take_turns()
    listen(app, host, port)


def _open_store(data: Path | None) -> Store:
    """Return the store, with its tables up to date and a dataset loaded."""
    from store.database import open_store
    from store.dataset_import import import_dataset
    from store.erasure import exclude_listed

    store = open_store()
    store.prepare()
    if data:
        import_dataset(store, exclude_listed(Dataset.open(data)))
    return store


def _is_protected(store: Store, settings: ServiceSettings) -> bool:
    from store.keys import all_keys

    with store.reading() as connection:
        keys = all_keys(connection)
    return settings.jwks is not None or any(key.revoked_at is None for key in keys)
