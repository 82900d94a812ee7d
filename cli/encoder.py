"""`padan encoder`: the text encoder."""

from __future__ import annotations

import typer

from models.text.e5_installer import install_e5
from training_data.home import padan_home

app = typer.Typer(help="The text encoder.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Keep `install` a command of its own while it is the only one."""


@app.command()
def install() -> None:
    """Install the embedded encoder (multilingual-e5-small) under PADAN_HOME, once."""
    typer.echo(f"Encoder: {install_e5(padan_home(), progress=True)}")
