"""Slices of the participants: who is served well, who is not, and where trainings are missing.

A slice is a mask over users; a dimension (gender, province, ...) is a set of slices. What is about too
few people carries no figures, see :mod:`evaluation.suppression`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from evaluation.beyond_accuracy import provider_exposure
from evaluation.metrics import PerUser, Ranked, Truth
from evaluation.significance import bootstrap_means, interval
from evaluation.suppression import find_hidden_cells
from training_data.columns import Participants
from training_data.regions import RegionTable

Mask = NDArray[np.bool_]
Codes = NDArray[np.integer]
Slices = dict[str, dict[str, Mask]]

AGE_BORDERS = (18, 25, 35, 45, 55, 65)

P = Participants


def slices_of_codes(codes: Codes, labels: Sequence[str]) -> dict[str, Mask]:
    """Return a mask per label that occurs; code -1 (not known) is in none."""
    present = np.unique(codes[codes >= 0])
    return {labels[code]: codes == code for code in present}


def participant_slices(
    participants: pl.DataFrame,
    regions: RegionTable | None,
    *,
    year: int,
    known: Mask,
    taken_before: Codes,
) -> Slices:
    """Return the fairness dimensions that the participant table allows.

    Parameters
    ----------
    participants : DataFrame, U rows
        Columns of :class:`training_data.columns.Participants`; those missing or empty give no
        dimension.
    regions : RegionTable, optional
        Gives a dimension for each level above the lowest (island, province).
    year : int
        For ages.
    known : ndarray of bool, shape (U,)
        Whether any event of the user before the test, a click too, says what they like: warm.
    taken_before : ndarray of int, shape (U,)
        Trainings that each user took before the test: none is a first-timer.
    """
    slices: Slices = {
        "history": _two(known, "warm", "cold"),
        "experience": _two(taken_before > 0, "trained before", "first-timer"),
    }
    for column, yes, no in (
        (P.rural.name, "rural", "urban"),
        (P.disability.name, "with a disability", "no disability"),
    ):
        if column in participants.columns:
            said = participants[column].is_not_null().to_numpy()
            value = participants[column].fill_null(False).to_numpy()
            slices[column] = {yes: said & value, no: said & ~value}
    for column in (P.gender.name, P.education.name, P.employment_status.name):
        if column in participants.columns:
            slices[column] = _by_label(participants[column])
    if P.birth_year.name in participants.columns:
        born = participants[P.birth_year.name].fill_null(year + 1).to_numpy()
        slices["age"] = _age_bands(year - born)
    if regions is not None and P.region_code.name in participants.columns:
        places = regions.ids(participants[P.region_code.name])
        names = regions.frame["name"].to_list()
        for level in regions.levels[:-1]:
            at = np.where(places >= 0, regions.at_level(level)[places], -1)
            slices[level] = slices_of_codes(at, names)
    return {name: masks for name, masks in slices.items() if any(m.any() for m in masks.values())}


def target_slices(truth: Truth, item_codes: Codes, labels: Sequence[str]) -> dict[str, Mask]:
    """Return masks of the users who took something of each kind (a mode, a topic); they overlap."""
    owners = np.repeat(np.arange(len(truth.sizes)), truth.sizes)
    kinds = item_codes[truth.items]
    masks = {}
    for code in np.unique(kinds[kinds >= 0]):
        mask = np.zeros(len(truth.sizes), dtype=bool)
        mask[owners[kinds == code]] = True
        masks[labels[code]] = mask
    return masks


def by_slice(values: PerUser, slices: Slices, *, draws: int = 1000, seed: int = 0) -> pl.DataFrame:
    """Return mean and 95% bootstrap interval per slice.

    Returns
    -------
    DataFrame
        ``dimension, slice, users, mean, low, high``; all but the names null where suppressed.
    """
    table = slice_sizes(~np.isnan(values), slices)
    names = table.select("dimension", "slice").iter_rows()
    columns = np.column_stack([np.where(slices[d][label], values, np.nan) for d, label in names])
    low, high = interval(bootstrap_means(columns, draws=draws, seed=seed))
    figures = pl.DataFrame(
        {"mean": _column_means(columns), "low": low, "high": high}, nan_to_null=True
    )
    return table.with_columns(figures).select(
        "dimension",
        "slice",
        *(
            pl.when(~pl.col("hidden")).then(name).alias(name)
            for name in ("users", *figures.columns)
        ),
    )


def slice_sizes(counts: Mask, slices: Slices) -> pl.DataFrame:
    """Return how many of the users that count are in each slice, and whether that is too few to say.

    Parameters
    ----------
    counts : ndarray of bool, shape (U,)

    Returns
    -------
    DataFrame
        ``dimension, slice, users, hidden``. What is hidden cannot be found by subtraction from the
        whole, nor from slices that hold a whole dimension, as islands do provinces.
    """
    names = [(dimension, label) for dimension, masks in slices.items() for label in masks]
    masks = np.column_stack([counts & slices[dimension][label] for dimension, label in names])
    table = pl.DataFrame(names, schema=["dimension", "slice"], orient="row").with_columns(
        users=masks.sum(axis=0)
    )
    for dimension in slices:
        holders = _holders(table, masks, dimension)
        table = table.with_columns(pl.Series(f"in {dimension}", holders))
    totals = [*(["dimension", f"in {dimension}"] for dimension in slices), ["dimension"]]
    return table.select(
        "dimension", "slice", "users", find_hidden_cells(table, totals).alias("hidden")
    )


def gaps(values: PerUser, slices: Slices, *, level: float = 0.95) -> pl.DataFrame:
    """Return the gap between the best and the worst slice of each dimension.

    The pair is picked by looking, so its interval is widened for all pairs that could have been
    picked (Bonferroni): it covers the gap of every pair at once.

    Returns
    -------
    DataFrame
        ``dimension, best, worst, gap, low, high``; dimensions with one slice to report are left
        out.
    """
    rows = []
    shown = slice_sizes(~np.isnan(values), slices).filter(~pl.col("hidden"))
    for dimension in slices:
        samples = {
            label: values[slices[dimension][label] & ~np.isnan(values)]
            for label in shown.filter(dimension=dimension)["slice"]
        }
        if len(samples) < 2:
            continue
        means = {label: sample.mean() for label, sample in samples.items()}
        best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
        pairs = len(samples) * (len(samples) - 1) / 2
        error = np.sqrt(sum(samples[x].var(ddof=1) / len(samples[x]) for x in (best, worst)))
        margin = stats.norm.ppf(1 - (1 - level) / 2 / pairs) * error
        gap = means[best] - means[worst]
        rows.append((dimension, best, worst, gap, gap - margin, gap + margin))
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(("dimension", "best", "worst"), pl.String)
    schema |= dict.fromkeys(("gap", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


def providers_table(
    ranked: Ranked, providers: Codes, names: Sequence[str], quality: NDArray[np.floating]
) -> pl.DataFrame:
    """Return each provider's exposure against its share of the catalogue and its quality.

    Parameters
    ----------
    ranked : ndarray of int, shape (U, k)
    providers : ndarray of int, shape (N,)
        Provider of each item.
    names : sequence of str
        By provider code.
    quality : ndarray of float, shape (N,)
        Quality of each item in any unit; NaN where not known.

    Returns
    -------
    DataFrame
        ``provider, items, share, exposure, ratio, quality`` by falling exposure; ``ratio`` is
        exposure over share, 1 where a provider is shown as much as its catalogue would say.
    """
    n = len(names)
    items = np.bincount(providers, minlength=n)
    known = ~np.isnan(quality)
    total = np.bincount(providers[known], quality[known], minlength=n)
    rated = np.bincount(providers[known], minlength=n)
    share = items / items.sum()
    exposure = provider_exposure(ranked, providers, n)
    table = pl.DataFrame(
        {
            "provider": names,
            "items": items,
            "share": share,
            "exposure": exposure,
            "ratio": np.where(share > 0, exposure / np.where(share > 0, share, 1), np.nan),
            "quality": np.where(rated > 0, total / np.maximum(rated, 1), np.nan),
        },
        nan_to_null=True,
    )
    return table.sort("exposure", "provider", descending=[True, False])


def supply_gap(
    best_fit: NDArray[np.floating],
    groups: Mapping[str, pl.Series],
    threshold: float,
    totals: Sequence[Sequence[str]],
) -> pl.DataFrame:
    """Return where people's best permitted training is poor.

    Parameters
    ----------
    best_fit : ndarray of float, shape (U,)
        Fit of the best training that each may take; NaN for those who are not asked.
    groups : mapping of str to Series, length U
        What to count by: region, or region and topic; nulls are left out.
    threshold : float
        A fit below it is poor.
    totals : sequence of sequence of str
        Groups that figures are known of too, see `find_hidden_cells`.

    Returns
    -------
    DataFrame
        The groups' columns, ``users`` and ``poor`` (their share); null where suppressed.
    """
    asked = ~np.isnan(best_fit)
    poor = pl.Series("poor", best_fit < threshold, dtype=pl.Float64)
    counted = (
        pl.DataFrame(dict(groups))
        .with_columns(poor)
        .filter(pl.Series(asked))
        .drop_nulls(list(groups))
        .group_by(list(groups))
        .agg(users=pl.len(), poor=pl.col("poor").mean())
        .sort(list(groups))
    )
    shown = ~find_hidden_cells(counted, totals)
    return counted.with_columns(
        pl.when(shown).then(pl.col(name)).alias(name) for name in ("users", "poor")
    )


def _holders(table: pl.DataFrame, masks: Mask, dimension: str) -> NDArray[np.intp]:
    """Return for each slice a slice of the dimension that holds all its users; -1 where none does."""
    holders = masks[:, (table["dimension"] == dimension).to_numpy()].astype(np.float32)
    inside = masks.T.astype(np.float32) @ holders == masks.sum(axis=0)[:, None]
    return np.where(inside.any(axis=1), inside.argmax(axis=1), -1)


def _two(mask: Mask, yes: str, no: str) -> dict[str, Mask]:
    return {yes: mask, no: ~mask}


def _by_label(values: pl.Series) -> dict[str, Mask]:
    """Return a mask per label, in the order of an enumeration, or of the alphabet."""
    labels = values.drop_nulls().unique().sort().cast(pl.String).to_list()
    text = values.cast(pl.String)
    return {
        f"no {values.name}" if label == "none" else label: (text == label)
        .fill_null(False)
        .to_numpy()
        for label in labels
    }


def _age_bands(ages: Codes) -> dict[str, Mask]:
    bands = {
        f"{low}-{high - 1}": (ages >= low) & (ages < high) for low, high in pairwise(AGE_BORDERS)
    }
    return bands | {f"{AGE_BORDERS[-1]}+": ages >= AGE_BORDERS[-1]}


def _column_means(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    n = (~np.isnan(columns)).sum(axis=0)
    return np.where(n > 0, np.nansum(columns, axis=0) / np.maximum(n, 1), np.nan)
