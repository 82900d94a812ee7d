"""The officer's page of an allocation: one HTML file that needs nothing else, in English or Indonesian."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Literal

import polars as pl
from jinja2 import Environment, StrictUndefined

from recommender.matching.outcome import MOVED, PRICE, Outcome

Language = Literal["en", "id"]

TEMPLATE, WORDS = "page.html.jinja", "page.toml"
SHOWN = 20
SEPARATORS = {"en": str.maketrans("", ""), "id": str.maketrans(".,", ",.")}


def render(outcome: Outcome, language: Language = "en") -> str:
    """Return the page as HTML text."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    separators = SEPARATORS[language]

    def write(number: float, form: str) -> str:
        return format(number, form).translate(separators)

    environment.filters |= {
        "count": lambda number: write(number, ","),
        "decimal": lambda number: write(number, ".3f"),
        "share": lambda number: write(number, ".2%"),
    }
    reasons = (
        outcome.unserved.group_by("reason")
        .agg(pl.len().alias("people"), pl.col("missing").mean())
        .sort("people", "reason", descending=True)
    )
    dear = outcome.classes.filter(pl.col("price") > 0).sort(
        "price", "class_id", descending=[True, False]
    )
    return environment.from_string(_read(TEMPLATE)).render(
        language=language,
        words=_read_words(language),
        summary=outcome.summary,
        mean_fit=outcome.assignments["fit"].mean() or 0.0,
        reasons=reasons.to_dicts(),
        bounds=outcome.bounds.to_dicts(),
        dear=dear.head(SHOWN).to_dicts(),
        moved=outcome.assignments.filter(status=MOVED).head(SHOWN).to_dicts(),
    )


def _read_words(language: Language) -> dict[str, Any]:
    words: dict[str, Any] = tomllib.loads(_read(WORDS))[language]
    return words | {"why_not": words | {PRICE: words["price_reason"]}}


def _read(name: str) -> str:
    return (resources.files("recommender.matching") / name).read_text(encoding="utf-8")
