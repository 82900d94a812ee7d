"""What commands about one person share: the participant's file, the bundle and the language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from cli.exits import UNUSABLE, exit_on_bad_input
from models.bundles.promotion import current
from training_data.home import padan_home
from training_data.profiles import Participant, to_tables

if TYPE_CHECKING:
    from recommender.engine import Engine
    from recommender.messages import Messages
    from recommender.participants.prepared import PreparedParticipants

ParticipantFile = Annotated[
    Path,
    typer.Option(
        "--participant",
        "--profile",
        help="JSON file that describes a participant, as the API does; --profile is the older name.",
    ),
]
Language = Annotated[
    str | None, typer.Option(help="Language of the reasons.", show_default="the programme's")
]
BundleFolder = Annotated[
    Path | None, typer.Option(help="Bundle directory.", show_default="the current one")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@dataclass(frozen=True)
class Inputs:
    """A person before an engine, and the texts to answer in."""

    engine: Engine
    messages: Messages
    participant: PreparedParticipants


def read_inputs(
    participant: Path, bundle: Path | None, language: str | None, day: dt.date | None = None
) -> Inputs:
    """Read the participant and load the bundle; unusable input ends the command with one clear line.

    Parameters
    ----------
    day : date, optional
        Whose rules and dates count; the programme's today by default.
    """
    from recommender.bundle.bundle import load_bundle  # seconds to import

    described = _read_participant(participant)
    with exit_on_bad_input():
        loaded = load_bundle(bundle or current(padan_home() / "bundles"))
        engine = loaded.engine
        tables = to_tables([described], ["described"], engine.reader.vocabularies.regions)
        messages = loaded.messages(language)
        return Inputs(engine, messages, engine.prepare(*tables, day or engine.programme.today()))


def _read_participant(path: Path) -> Participant:
    """Read a participant's file; a wrong one ends the command with the field that is wrong."""
    try:
        return Participant.model_validate_json(path.read_bytes())
    except OSError as error:
        typer.echo(f"padan: {path}: {str(error.strerror).lower()}", err=True)
    except ValidationError as error:
        for problem in error.errors():
            field = ".".join(map(str, problem["loc"])) or "participant"
            typer.echo(f"padan: {path}: {field}: {problem['msg']}", err=True)
    raise typer.Exit(UNUSABLE)
