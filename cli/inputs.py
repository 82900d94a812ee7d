"""What commands about one person share: the profile file, the bundle and the language asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from pydantic import ValidationError

from cli.exits import UNUSABLE, stopping
from models.bundles.promotion import current
from training_data.home import padan_home
from training_data.profiles import Profile, to_tables

if TYPE_CHECKING:
    from recommender.engine import Engine
    from recommender.messages import Messages

ProfileFile = Annotated[Path, typer.Option(help="JSON file with a participant's profile.")]
Language = Annotated[
    str | None, typer.Option(help="Language of the reasons.", show_default="the programme's")
]
BundleFolder = Annotated[
    Path | None, typer.Option(help="Bundle directory.", show_default="the current one")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@dataclass(frozen=True)
class Asked:
    """A person before an engine, and the texts to answer in."""

    engine: Engine
    messages: Messages
    participants: pl.DataFrame
    events: pl.DataFrame


def asked_for(profile: Path, bundle: Path | None, language: str | None) -> Asked:
    """Read the profile and load the bundle; unusable input ends the command with one clear line."""
    from recommender.bundle.bundle import load_bundle  # seconds to import

    described = _read_profile(profile)
    with stopping():
        loaded = load_bundle(bundle or current(padan_home() / "bundles"))
        participants, events = to_tables([described], ["profile"], loaded.engine.regions)
        messages = loaded.messages(language or loaded.engine.programme.languages[0])
    return Asked(loaded.engine, messages, participants, events)


def _read_profile(path: Path) -> Profile:
    """Read a profile file; a wrong one ends the command with the field that is wrong."""
    try:
        return Profile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        typer.echo(f"padan: {path}: no such file", err=True)
    except ValidationError as error:
        for problem in error.errors():
            field = ".".join(map(str, problem["loc"])) or "profile"
            typer.echo(f"padan: {path}: {field}: {problem['msg']}", err=True)
    raise typer.Exit(UNUSABLE)
