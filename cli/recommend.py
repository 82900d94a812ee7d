"""`padan recommend`: one participant in, a readable list out."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.inputs import AsJson, BundleFolder, Language, ParticipantFile, read_inputs


def recommend(
    participant: ParticipantFile,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Length of the list.")] = 10,
    language: Language = None,
    bundle: BundleFolder = None,
    as_json: AsJson = False,
) -> None:
    """Recommend trainings to a participant, with reasons."""
    from padan import RecommendedList  # seconds to import
    from recommender.responses.recommendations import build_lists
    from recommender.settings import SlateSettings

    inputs = read_inputs(participant, bundle, language)
    recommendations = inputs.engine.recommend(inputs.participant, SlateSettings(k=k))
    found = build_lists(inputs.engine, inputs.messages, recommendations, k)[0]
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        Console().print(RecommendedList.of(found))
