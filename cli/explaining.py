"""`padan explain`: may this person take this training, why not, and what would make it possible."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.recommending import read_profile
from cli.stopping import UNUSABLE, stopping
from models.sealing import current
from training_data.home import padan_home
from training_data.profiles import to_tables


def explain(
    profile: Annotated[Path, typer.Option(help="JSON file with a participant's profile.")],
    course: Annotated[list[str], typer.Option(help="Id of a training; may be repeated.")],
    language: Annotated[
        str | None, typer.Option(help="Language of the reasons.", show_default="the programme's")
    ] = None,
    day: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Whose rules and dates count.", show_default="today"
        ),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle directory.", show_default="the current one")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Say whether a person may take trainings: every reason why not, and what would change it."""
    from recommender.bundle import load_bundle  # seconds to import
    from recommender.verdicts import UnknownCourseError, verdicts

    described = read_profile(profile)
    with stopping():
        loaded = load_bundle(bundle or current(padan_home() / "bundles"))
        people, events = to_tables([described], ["profile"], loaded.engine.regions)
        messages = loaded.messages(language or loaded.engine.programme.languages[0])
        asked = day.date() if day else dt.date.today()
        try:
            found = verdicts(loaded.engine, messages, people, events, asked, course)[0]
        except UnknownCourseError as error:
            typer.echo(f"padan: {error}", err=True)
            raise typer.Exit(UNUSABLE) from error
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, default=str))
    else:
        _print(found, messages.texts["words"])


def _print(found: dict[str, Any], words: Any) -> None:
    console = Console(highlight=False)
    for verdict in found["courses"]:
        answer = words["may_take"] if verdict["eligible"] else words["may_not_take"]
        console.print(
            f"[bold]{verdict['title']}[/bold] ({verdict['course_id']}): {answer}", soft_wrap=True
        )
        for reason in verdict["reasons"]:
            console.print(f"  {reason['text']}", markup=False, soft_wrap=True)
            if reason["possible"]:
                console.print(f"    → {reason['possible']['text']}", markup=False, soft_wrap=True)
    console.print(f"[dim]{found['programme']}, {found['day']}[/dim]")
