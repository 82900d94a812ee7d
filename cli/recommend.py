"""`padan recommend`: one profile in, a readable list out."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.inputs import AsJson, BundleFolder, Language, ProfileFile, asked_for


def recommend(
    profile: ProfileFile,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Length of the list.")] = 10,
    language: Language = None,
    bundle: BundleFolder = None,
    as_json: AsJson = False,
) -> None:
    """Recommend trainings for a profile, with reasons."""
    from recommender.responses.recommendations import respond  # seconds to import
    from recommender.settings import Filters, Settings

    today = dt.date.today()
    asked = asked_for(profile, bundle, language)
    answered = respond(
        asked.engine,
        asked.messages,
        asked.engine.people(asked.participants, asked.events, today),
        today,
        Settings(k=k),
        Filters(),
    )[0]
    if as_json:
        typer.echo(json.dumps(answered, ensure_ascii=False, default=str))
    else:
        _print(answered)


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
