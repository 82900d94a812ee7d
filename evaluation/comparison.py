"""Compare rankings of the same users: which is better, by how much, and more than by chance.

Every model is paired with the baseline user by user. The family that Holm's correction covers is
all that was asked at once: models x metrics x slices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from evaluation.metrics import ACCURACY, PerUser, Ranked, Truth, judge
from evaluation.significance import (
    bootstrap_means,
    effect_interval,
    holm,
    interval,
    paired_effect,
    randomisation_test,
)
from evaluation.suppression import MINIMUM_USERS

Mask = NDArray[np.bool_]

ALL = "all"
FEW_USERS = 100  # below it, an interval over users is wide and a missing difference says little


@dataclass(frozen=True)
class Comparison:
    """The result of :func:`compare`; shows itself as a table in a notebook and in a terminal.

    Attributes
    ----------
    table : polars.DataFrame
        One row per model, metric and slice: ``value`` and ``baseline_value`` (means over users),
        ``difference`` with its 95% interval ``low`` and ``high``, ``gain`` (difference over the
        baseline's value) with ``gain_low`` and ``gain_high``, ``effect`` (d_z) with ``effect_low``
        and ``effect_high``, ``p`` of the randomisation test and ``p_holm`` corrected for the whole
        table, ``verdict`` and ``note``.
    baseline : str
        The model that the others are compared with.
    level : float
        Significance level of the verdicts.
    """

    table: pl.DataFrame
    baseline: str
    level: float

    def verdicts(self) -> list[str]:
        """Return the distinct verdicts in the table; ``["no difference"]`` if nothing was found."""
        return self.table["verdict"].drop_nulls().unique().sort().to_list()

    def _repr_html_(self) -> str:
        sides = ["left" if name in _TEXT else "right" for name in _COLUMNS]
        lines = [
            "".join(
                f'<{tag} style="text-align: {side}; white-space: nowrap">{escape(cell)}</{tag}>'
                for cell, side in zip(row, sides, strict=True)
            )
            for tag, rows in (("th", [_COLUMNS]), ("td", _display_rows(self._select_differences())))
            for row in rows
        ]
        caption = escape(f"Compared with {self.baseline}; {self._caption()}")
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return f"<table><caption>{caption}</caption>{body}</table>"

    def __rich__(self) -> Table:
        """Return the table for ``rich.print``."""
        table = Table(
            title=f"Compared with {self.baseline}",
            caption=self._caption(),
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        for name in _COLUMNS:
            table.add_column(
                name,
                justify="left" if name in _TEXT else "right",
                overflow="fold",  # names whole in a narrow terminal
                no_wrap=name in _WHOLE,
            )
        for row in _display_rows(self._select_differences()):
            table.add_row(*row)
        return table

    def _select_differences(self) -> pl.DataFrame:
        """Return the rows for all users, then those of the slices where a difference was found."""
        return self.table.filter(
            (pl.col("slice") == ALL) | pl.col("verdict").is_in(["better", "worse"])
        ).sort(pl.col("slice") != ALL, maintain_order=True)

    def _caption(self) -> str:
        silent = len(self.table) - len(self._select_differences())
        return (
            f"p corrected by Holm over {self.table['p'].count()} tests; not shown: {silent} rows of "
            "slices without a difference, or with too few users"
        )


def compare(
    runs: Mapping[str, Ranked],
    truth: Truth,
    *,
    baseline: str | None = None,
    metrics: tuple[str, ...] = ("ndcg", "recall", "mrr"),
    cutoffs: tuple[int, ...] = (10,),
    slices: Mapping[str, Mask] | None = None,
    draws: int = 1000,
    level: float = 0.05,
    seed: int = 0,
) -> Comparison:
    """Compare each run with the baseline on every metric, cut-off and slice.

    Parameters
    ----------
    runs : mapping of str to ndarray of int, shape (U, k)
        Ranked item ids of the same users in the same order; at least two runs.
    truth : Truth
        Users without anything relevant do not count.
    baseline : str, optional
        The first run where not given.
    slices : mapping of str to ndarray of bool, shape (U,), optional
        Tested besides all users. Less than ``MINIMUM_USERS`` are not reported, less than
        ``FEW_USERS`` noted.
    draws : int
        Bootstrap resamples. The randomisation test draws as many as its correction needs.
    level : float
        Family-wise error that the verdicts keep.

    Raises
    ------
    ValueError
        If there are less than two runs, or the baseline is not among them.
    """
    baseline = next(iter(runs), "") if baseline is None else baseline
    if len(runs) < 2 or baseline not in runs:
        raise ValueError(f"needs the baseline {baseline!r} and another run, got {sorted(runs)}")
    scored = {name: _score(ranked, truth, metrics, cutoffs) for name, ranked in runs.items()}
    masks = {ALL: np.ones(len(truth.sizes), dtype=bool)} | dict(slices or {})
    found = compare_values(scored, masks, baseline=baseline, draws=draws, level=level, seed=seed)
    return note_partial(found, runs, truth)


def note_partial(comparison: Comparison, runs: Mapping[str, Ranked], truth: Truth) -> Comparison:
    """Note beside each model that it, or the baseline, has lists for some users only.

    Who has none counts as if nothing were found.
    """
    counting = truth.sizes > 0
    having = {
        name: int(((ranked >= 0).any(axis=1) & counting).sum()) for name, ranked in runs.items()
    }
    told = {
        name: f"{name} has lists for {count:,} of {int(counting.sum()):,} people"
        for name, count in having.items()
        if count < counting.sum()
    }
    model = pl.col("model").replace_strict(told, default=None, return_dtype=pl.String)
    notes = [
        pl.when(pl.col("note") != "").then("note"),
        model,
        pl.lit(told.get(comparison.baseline)),
    ]
    return replace(
        comparison,
        table=comparison.table.with_columns(
            pl.concat_str(notes, separator="; ", ignore_nulls=True).alias("note")
        ),
    )


def compare_values(
    scored: Mapping[str, Mapping[str, PerUser]],
    masks: Mapping[str, Mask],
    *,
    baseline: str,
    draws: int = 1000,
    level: float = 0.05,
    seed: int = 0,
) -> Comparison:
    """Compare values per user that are there already: ``scored[model][metric]`` has shape (U,)."""
    rows = [
        (model, metric, name)
        for model in scored
        if model != baseline
        for metric in scored[model]
        for name in masks
    ]
    ours = np.column_stack([_apply_mask(scored[m][x], masks[s]) for m, x, s in rows])
    base = np.column_stack([_apply_mask(scored[baseline][x], masks[s]) for _, x, s in rows])
    ours, base = np.where(np.isnan(base), np.nan, ours), np.where(np.isnan(ours), np.nan, base)
    users = (~np.isnan(base)).sum(axis=0)
    shown = users >= MINIMUM_USERS
    ours, base = np.where(shown, ours, np.nan), np.where(shown, base, np.nan)

    resampled_ours, resampled_base = np.split(
        bootstrap_means(np.hstack([ours, base]), draws=draws, seed=seed), 2, axis=1
    )
    low, high = interval(resampled_ours - resampled_base)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain_low, gain_high = interval(_finite(resampled_ours / resampled_base - 1))
    # the smallest p-value, 1 / flips, must stay well below the level when multiplied by the tests
    flips = max(10_000, int(5 * len(rows) / level))
    p = np.where(shown, randomisation_test(ours - base, draws=flips, seed=seed), np.nan)
    p_holm = holm(p)
    value, base_value = _mean(ours), _mean(base)
    difference = value - base_value
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = _finite(difference / base_value)
    effect = np.where(shown, paired_effect(ours - base), np.nan)
    effect_low, effect_high = effect_interval(effect, users)
    table = pl.DataFrame(
        {
            "model": [row[0] for row in rows],
            "metric": [row[1] for row in rows],
            "slice": [row[2] for row in rows],
            "users": np.where(shown, users, np.nan),
            "baseline_value": base_value,
            "value": value,
            "difference": difference,
            "low": low,
            "high": high,
            "gain": gain,
            "gain_low": gain_low,
            "gain_high": gain_high,
            "effect": effect,
            "effect_low": effect_low,
            "effect_high": effect_high,
            "p": p,
            "p_holm": p_holm,
        },
        nan_to_null=True,
    ).with_columns(pl.col("users").cast(pl.Int64))
    verdict = (
        pl.when(pl.col("p_holm") >= level)
        .then(pl.lit("no difference"))
        .when(pl.col("p_holm").is_not_null() & (pl.col("difference") > 0))
        .then(pl.lit("better"))
        .when(pl.col("p_holm").is_not_null())
        .then(pl.lit("worse"))
    )
    note = (
        pl.when(pl.col("users").is_null())
        .then(pl.lit("not reported: too few users"))
        .when(pl.col("users") < FEW_USERS)
        .then(pl.lit("few users"))
        .otherwise(pl.lit(""))
    )
    return Comparison(table.with_columns(verdict=verdict, note=note), baseline, level)


_TEXT = ("model", "metric", "slice", "verdict")
_WHOLE = ("metric", "users", "value", "p")
_COLUMNS = (*_TEXT[:3], "users", "value", "gain [95%]", "p", "verdict")


def _display_rows(table: pl.DataFrame) -> list[list[str]]:
    return [
        [
            row["model"],
            row["metric"],
            row["slice"],
            "" if row["users"] is None else f"{row['users']:,}",
            _number(row["value"]),
            _range(row["gain"], row["gain_low"], row["gain_high"]),
            _number(row["p_holm"]),
            (row["verdict"] or "") + (f" ({row['note']})" if row["note"] else ""),
        ]
        for row in table.iter_rows(named=True)
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _range(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return ""
    return f"{value:+.1%} [{low:+.1%}, {high:+.1%}]"


def _score(
    ranked: Ranked, truth: Truth, metrics: tuple[str, ...], cutoffs: tuple[int, ...]
) -> dict[str, PerUser]:
    judged = judge(ranked, truth)
    return {f"{name}@{k}": ACCURACY[name](judged, k) for name in metrics for k in cutoffs}


def _apply_mask(values: PerUser, mask: Mask) -> PerUser:
    return np.where(mask, values, np.nan)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    n = (~np.isnan(values)).sum(axis=0)
    return np.where(n > 0, np.nansum(values, axis=0) / np.maximum(n, 1), np.nan)
