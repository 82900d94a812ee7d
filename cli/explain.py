"""`padan explain`: may this person take this training, why not, and what would make it possible."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.exits import stopping
from cli.inputs import AsJson, BundleFolder, Language, ProfileFile, asked_for


def explain(
    profile: ProfileFile,
    course: Annotated[list[str], typer.Option(help="Id of a training; may be repeated.")],
    language: Language = None,
    day: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Whose rules and dates count.", show_default="today"
        ),
    ] = None,
    bundle: BundleFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a person may take trainings: every reason why not, and what would change it."""
    from recommender.responses.eligibility import UnknownCourseError, verdicts  # seconds to import

    asked = asked_for(profile, bundle, language)
    on = day.date() if day else dt.date.today()
    with stopping(UnknownCourseError):
        found = verdicts(
            asked.engine, asked.messages, asked.participants, asked.events, on, course
        )[0]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, default=str))
    else:
        _print(found, asked.messages.texts["words"])


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
