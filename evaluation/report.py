"""The report: one HTML page that needs nothing else, and the same as JSON for machines."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined

from evaluation.charts import (
    QUALITY,
    SHORTAGE,
    dot_map,
    interval_bar,
    line_chart,
    share_bar,
)
from evaluation.comparison import ALL
from evaluation.evaluate import MAIN, Evaluation

TEMPLATE = "report.html.jinja"
PROVIDERS_SHOWN = 12
SHORTAGES_SHOWN = 15
MEANINGS = {
    "ndcg": "what the person took stands in the list, and near its top",
    "recall": "share of what the person took that is in the list",
    "precision": "share of the list that the person took",
    "map": "how early in the list what the person took comes, over all of it",
    "mrr": "how early the first of them comes: 1 for first place, 1/2 for second",
    "hit_rate": "share of people with at least one in the list",
    "diversity": "how unlike the trainings of a list are: 0 alike, 1 nothing in common",
    "novelty": "how rarely the trainings listed were taken before, in bits",
    "serendipity": "share of the list that was taken and is not among the most popular",
    "miscalibration": "distance of the list's topics from the person's own: 0 is the same mix",
    "balance_regret": "share of the balance left unspent by taking the list from the top",
}


def write_report(evaluation: Evaluation, path: Path, command: str) -> None:
    """Write the page to ``path`` and the JSON beside it.

    Parameters
    ----------
    evaluation : Evaluation
    path : Path
        Ends in ``.html``.
    command : str
        The command line that makes the same figures again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(evaluation, command), encoding="utf-8")
    text = json.dumps(as_json(evaluation, command), indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def render(evaluation: Evaluation, command: str) -> str:
    """Return the page as HTML text."""
    source = (resources.files("evaluation") / TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["interval_bar"] = interval_bar
    environment.filters["share_bar"] = share_bar
    environment.filters["plain"] = _plain
    slices = evaluation.slices.drop_nulls("mean")
    measured = {metric.split("@")[0] for metric in evaluation.headline["metric"]}
    return environment.from_string(source).render(
        evaluation=evaluation,
        main=MAIN,
        meanings={name: text for name, text in MEANINGS.items() if name in measured},
        headline=evaluation.headline.to_dicts(),
        curve=_diversity_chart(evaluation.curve),
        learning=_learning_chart(evaluation.learning),
        dimensions=_dimensions(evaluation),
        slice_top=_maximum(slices, "high"),
        comparison=_comparison(evaluation),
        quality_map=dot_map(evaluation.regions, "mean", "users", QUALITY, ".3f"),
        shortage_map=dot_map(evaluation.regions, "poor", "people", SHORTAGE, ".0%"),
        shortages=evaluation.supply.head(SHORTAGES_SHOWN).to_dicts(),
        local_shortages=evaluation.local_supply.head(SHORTAGES_SHOWN).to_dicts(),
        lowest=evaluation.levels[-1],
        above=evaluation.levels[max(len(evaluation.levels) - 2, 0)],
        providers=evaluation.providers.head(PROVIDERS_SHOWN).to_dicts(),
        provider_top=_maximum(
            evaluation.providers.select(pl.max_horizontal("share", "exposure").alias("top")), "top"
        ),
        command=command,
    )


def as_json(evaluation: Evaluation, command: str) -> dict[str, Any]:
    """Return everything in the evaluation as JSON values."""
    comparison = evaluation.comparison
    return {
        "name": evaluation.name,
        "about": evaluation.about,
        "command": command,
        "warnings": evaluation.warnings,
        "catalogue": evaluation.catalogue,
        "headline": evaluation.headline.to_dicts(),
        "slices": evaluation.slices.to_dicts(),
        "gaps": evaluation.gaps.to_dicts(),
        "providers": evaluation.providers.to_dicts(),
        "regions": evaluation.regions.to_dicts(),
        "supply": evaluation.supply.to_dicts(),
        "local_supply": evaluation.local_supply.to_dicts(),
        "curve": evaluation.curve.to_dicts(),
        "learning": None if evaluation.learning is None else evaluation.learning.to_dicts(),
        "comparison": None if comparison is None else comparison.table.to_dicts(),
    }


def _diversity_chart(curve: pl.DataFrame) -> str:
    if curve.is_empty():
        return ""
    labels = [f"{weight:g}" for weight in curve["relevance_weight"]]
    names = ("diversity of the list (mean 1 - cosine)", "NDCG@10")
    return line_chart(curve["diversity"].to_list(), curve["ndcg"].to_list(), labels, names)


def _learning_chart(learning: pl.DataFrame | None) -> str:
    if learning is None:
        return ""
    labels = [f"{share:.0%}" for share in learning["share"]]
    names = ("share of the participants learnt from", "NDCG@10")
    x, y, low, high = (learning[name].to_list() for name in ("share", "mean", "low", "high"))
    return line_chart(x, y, labels, names, (low, high))


def _dimensions(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Slices by dimension, each with its gap where there is one."""
    gaps = {row["dimension"]: row for row in evaluation.gaps.to_dicts()}
    return [
        {
            "name": _plain(str(name)),
            "slices": group.drop_nulls("mean").to_dicts(),
            "hidden": group.filter(pl.col("mean").is_null())["slice"].to_list(),
            "gap": gaps.get(str(name)),
        }
        for (name,), group in evaluation.slices.group_by("dimension", maintain_order=True)
    ]


def _plain(text: str) -> str:
    """Write a name for machines as people would."""
    return text.replace("_", " ")


def _comparison(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return the rows for all users, and those of the slices where a difference was found."""
    if evaluation.comparison is None:
        return None
    table = evaluation.comparison.table
    found = table.filter(pl.col("verdict").is_in(["better", "worse"]) & (pl.col("slice") != ALL))
    return {
        "baseline": evaluation.comparison.baseline,
        "tests": table["p"].count(),
        "all": table.filter(slice=ALL).to_dicts(),
        "slices": found.sort("model", "metric", "slice").to_dicts(),
    }


def _maximum(table: pl.DataFrame, column: str) -> float:
    return float(table[column].max() or 0.0)  # type: ignore[arg-type]
