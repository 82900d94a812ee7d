"""The officer's page of an allocation: one HTML file that needs nothing else."""

from __future__ import annotations

from importlib import resources

import polars as pl
from jinja2 import Environment, StrictUndefined

from recommender.matching.outcome import (
    CEILING,
    KEPT,
    MOVED,
    NEW,
    NOTHING,
    PRICE,
    STAYED,
    TURNED_AWAY,
    Outcome,
)

TEMPLATE = "page.html.jinja"
SHOWN = 20
WORDS = {
    NOTHING: "no class is permitted to them",
    PRICE: "others fit better, or came first in the lottery",
    CEILING: "a ceiling is reached",
    TURNED_AWAY: "each of their choices took others",
    KEPT: "keep the seat that they accepted",
    STAYED: "stay where they were offered a place",
    MOVED: "are moved from where they were offered a place",
    NEW: "have a new seat",
}


def render(outcome: Outcome) -> str:
    """Return the page as HTML text."""
    source = (resources.files("recommender.matching") / TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    summary = outcome.summary
    reasons = (
        outcome.unserved.group_by("reason")
        .agg(pl.len().alias("people"), pl.col("missing").mean())
        .sort("people", "reason", descending=True)
    )
    dear = outcome.classes.filter(pl.col("price") > 0).sort(
        "price", "class_id", descending=[True, False]
    )
    return environment.from_string(source).render(
        summary=summary,
        mean_fit=outcome.assignments["fit"].mean() or 0.0,
        reasons=reasons.to_dicts(),
        bounds=outcome.bounds.to_dicts(),
        dear=dear.head(SHOWN).to_dicts(),
        moved=outcome.assignments.filter(status=MOVED).head(SHOWN).to_dicts(),
        words=WORDS,
    )
