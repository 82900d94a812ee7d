"""The `padan` command."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated

import typer

from cli import allocate, bench, bundles, encoder, store
from cli.batch import batch
from cli.bundles import promote, rollback
from cli.check import check
from cli.config import config
from cli.demo import demo
from cli.evaluate import compare, evaluate, split
from cli.exits import STRICT, exit_on_bad_input
from cli.explain import explain
from cli.import_files import import_files
from cli.index import index
from cli.recommend import recommend
from cli.refresh import refresh
from cli.serve import serve
from cli.simulate import simulate
from cli.train import train
from training_data.home import HomeSettings

app = typer.Typer(
    name="padan",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


@app.callback(help="Which trainings fit this person, may they take them, and why?")
def check_settings(
    strict: Annotated[
        bool,
        typer.Option("--strict", help="End with exit status 3 where rows were set aside."),
    ] = False,
) -> None:
    """Refuse settings that cannot be used, before any command; what commands write is their user's alone."""
    STRICT.set(strict)
    os.umask(0o077)
    with exit_on_bad_input():
        HomeSettings()


app.command("import")(import_files)
app.add_typer(encoder.app, name="encoder")
COMMANDS: tuple[Callable[..., None], ...] = (
    check,
    simulate,
    train,
    refresh,
    promote,
    rollback,
    recommend,
    batch,
    index,
    explain,
    evaluate,
    compare,
    split,
    serve,
    config,
    demo,
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(allocate.app, name="allocate")
app.add_typer(bundles.app, name="bundles")
app.add_typer(store.app, name="store")
app.add_typer(bench.app, name="bench")
