"""`padan serve`: the service over the current bundle and the store."""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.config import exit_on_bad_settings
from cli.exits import UNUSABLE, exit_on_bad_input
from cli.notices import warn_of_rows
from cli.thread_limits import pin_threads
from training_data.dataset import Dataset
from training_data.home import padan_home

if TYPE_CHECKING:
    import socket

    from api.settings import ServiceSettings

STATEMENT_SECONDS = 2.0  # that a request's statement may take in PostgreSQL
DEVELOPMENT = """\
------------------------------------------------------------------------------------------
 DEVELOPMENT MODE: whoever reaches this service may do everything, without a credential.
 It listens on {host} only. For any other use leave --development out and make a key:
 padan store add-key NAME --scope portal
------------------------------------------------------------------------------------------"""
UNPROTECTED = (
    "nobody could be let in: the store has no API key in force and PADAN_JWKS is not set. Make a key with "
    "`padan store add-key NAME --scope portal`, or try the service on this machine alone with --development"
)
ELSEWHERE = "--development lets everybody in, so it listens on 127.0.0.1 only, not on {host}"


@dataclass(frozen=True)
class Bundles:
    """Which bundles answer: the one named or promoted, a candidate, a shadow, and their shares."""

    named: Path | None
    candidate: Path | None
    share: float
    shadow: Path | None
    shadow_share: float


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
    workers: Annotated[int, typer.Option(min=1, help="Processes, one for each core.")] = 1,
    development: Annotated[
        bool, typer.Option("--development", help="Ask for no credential; on this machine only.")
    ] = False,
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
    from api.addresses import is_loopback
    from api.observability import logs  # seconds to import
    from api.server.listening import bind
    from api.server.workers import Workers
    from api.settings import ServiceSettings

    with exit_on_bad_input():
        settings = ServiceSettings()
        logs.start(settings.log_level)
        if development and not is_loopback(host):
            _exit(ELSEWHERE.format(host=host))
        _prepare_store(data, settings, development)
    bundles = Bundles(bundle, candidate, share, shadow, shadow_share)
    sockets = bind(host, port)
    if development:
        typer.echo(DEVELOPMENT.format(host=host), err=True)
    if workers == 1:
        _answer(bundles, development, sockets)
    else:
        work = partial(_work, bundles, development, sockets, os.getpid())
        raise typer.Exit(Workers(workers, work, UNUSABLE).run())


def _exit(message: str) -> None:
    typer.echo(f"padan: {message}", err=True)
    raise typer.Exit(UNUSABLE)


def _prepare_store(data: Path | None, settings: ServiceSettings, development: bool) -> None:
    """Bring the tables up to date, load a dataset, and see that somebody may be let in.

    Where the database does not answer, the service starts without: it finds the store when it is back.
    """
    import logging

    from sqlalchemy.exc import OperationalError

    from store.database import open_store
    from store.dataset_import import import_dataset
    from store.erasure import exclude_listed
    from store.keys import all_keys

    store = open_store()
    try:
        store.prepare()
        if data and import_dataset(store, exclude_listed(Dataset.open(data))):
            warn_of_rows(data)
        with store.reading() as connection:
            keys = [key for key in all_keys(connection) if key.is_in_force(dt.datetime.now(dt.UTC))]
    except OperationalError as error:
        if store.engine.dialect.name == "sqlite" or data:
            _exit(f"the store does not answer: {error.orig}")
        logging.getLogger("padan.store").critical(
            "the store does not answer; the service starts without it: %s", error.orig
        )
    else:
        if not (keys or development or settings.jwks):
            _exit(UNPROTECTED)
    finally:
        store.engine.dispose()


def _work(*arguments: Any) -> None:
    """Answer as one of several workers."""
    try:
        _answer(*arguments)
    except typer.Exit as error:
        sys.exit(error.exit_code)


def _answer(
    bundles: Bundles, development: bool, sockets: list[socket.socket], parent: int | None = None
) -> None:
    """Load the bundles and answer until the process is told to end, or its parent is gone."""
    pin_threads("serve")
    from api.app import create_app
    from api.deployment.releases import Experiment, Release, Releases, newest_whole
    from api.deployment.shadow import Shadow
    from api.observability import logs
    from api.observability.tracing import Tracing
    from api.process.interpreter import settle, take_turns
    from api.security.tokens import KeySetError
    from api.server.listening import listen
    from api.settings import ServiceSettings
    from store.database import open_store

    with exit_on_bad_input(KeySetError, ModuleNotFoundError):
        settings = ServiceSettings()
        logs.start(settings.log_level)
        home = padan_home() / "bundles"
        app = create_app(
            Releases(
                Release.load(bundles.named) if bundles.named else newest_whole(home),
                None if bundles.named else home,
                Experiment(Release.load(bundles.candidate), bundles.share)
                if bundles.candidate
                else None,
            ),
            open_store(statement_seconds=STATEMENT_SECONDS),
            settings,
            shadow=Shadow(Release.load(bundles.shadow), bundles.shadow_share)
            if bundles.shadow
            else None,
            tracing=Tracing.from_environment(),
            development=development,
        )
    settle()
    take_turns()
    listen(app, sockets, settings.max_connections_per_address, parent)
