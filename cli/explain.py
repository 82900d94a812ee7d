"""`padan explain`: may this person take this training, why not, and what would make it possible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console

from cli.exits import exit_on_bad_input
from cli.inputs import AsJson, BundleFolder, Language, ParticipantFile, read_inputs

if TYPE_CHECKING:
    from recommender.responses.eligibility import EligibilityDecisions


def explain(
    participant: ParticipantFile,
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
    from recommender.responses.eligibility import (  # seconds to import
        UnknownCourseError,
        decide_eligibility,
    )

    inputs = read_inputs(participant, bundle, language, day.date() if day else None)
    with exit_on_bad_input(UnknownCourseError):
        found = decide_eligibility(inputs.engine, inputs.messages, inputs.participant, course)[0]
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        _print(found, inputs.messages.texts["words"])


def _print(found: EligibilityDecisions, words: Mapping[str, str]) -> None:
    console = Console(highlight=False)
    for decision in found["courses"]:
        answer = words["may_take"] if decision["eligible"] else words["may_not_take"]
        console.print(
            f"[bold]{decision['title']}[/bold] ({decision['course_id']}): {answer}", soft_wrap=True
        )
        for reason in decision["reasons"]:
            console.print(f"  {reason['text']}", markup=False, soft_wrap=True)
            if reason["remedy"]:
                console.print(f"    → {reason['remedy']['text']}", markup=False, soft_wrap=True)
    console.print(f"[dim]{found['programme']}, {found['day']}[/dim]")
