"""`padan recommend`: one profile in, a readable list out."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from cli.stopping import UNUSABLE, stopping
from models.sealing import current
from training_data.home import padan_home
from training_data.profiles import Profile, to_tables


def recommend(
    profile: Annotated[Path, typer.Option(help="JSON file with a participant's profile.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Length of the list.")] = 10,
    language: Annotated[
        str | None, typer.Option(help="Language of the reasons.", show_default="the programme's")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle directory.", show_default="the current one")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Recommend trainings for a profile, with reasons."""
    from recommender.answers import respond  # seconds to import
    from recommender.bundle import load_bundle
    from recommender.engine import Filters, Settings

    described = read_profile(profile)
    with stopping():
        loaded = load_bundle(bundle or current(padan_home() / "bundles"))
        people, events = to_tables([described], ["profile"], loaded.engine.regions)
        messages = loaded.messages(language or loaded.engine.programme.languages[0])
    answered = respond(
        loaded.engine, messages, people, events, dt.date.today(), Settings(k=k), Filters()
    )[0]
    if as_json:
        typer.echo(json.dumps(answered, ensure_ascii=False, default=str))
    else:
        _print(answered)


def read_profile(path: Path) -> Profile:
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


def _print(answered: dict[str, Any]) -> None:
    table = Table("#", "training", "where", "price", "why", show_lines=True)
    for item in answered["items"]:
        where = item["mode"]
        if item["region"]:
            where += f"\n{item['region']}"
        if item["distance_km"] is not None:
            where += f"\n{item['distance_km']} km"
        reasons = "\n".join(reason["text"] for reason in item["reasons"])
        table.add_row(
            str(item["rank"]),
            f"{item['title']}\n[dim]{item['provider_id']} · {item['category'] or ''}[/dim]",
            where,
            item["price_text"],
            reasons,
        )
    console = Console()
    console.print(table)
    for code, count in answered["excluded"].items():
        console.print(f"[dim]{count} trainings left out: {code}[/dim]")
