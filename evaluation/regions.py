"""Where people are served how well, and where trainings are missing."""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluation.metrics import PerUser
from evaluation.slices import supply_gap
from evaluation.suppression import find_hidden_cells
from evaluation.task import Task
from training_data.columns import Participants

POOR_BELOW = 0.25  # share of a person's gap that the best training should close


def region_table(task: Task, values: PerUser) -> pl.DataFrame:
    """One row for each lowest region: where it is, how well it is served, how many fit poorly."""
    regions = task.reference.vocabularies.regions
    lowest = np.flatnonzero(regions.level == len(regions.levels) - 1)
    table = pl.DataFrame(
        {
            "code": [regions.codes[i] for i in lowest],
            "name": regions.frame["name"].gather(lowest),
            "latitude": regions.latitude[lowest],
            "longitude": regions.longitude[lowest],
        }
    )
    homes = _homes(task)
    quality = _region_means(values, homes)
    short = supply_gap(task.best_gap_closed, homes, POOR_BELOW, [["above"]]).drop("above")
    return table.join(quality, on="code", how="left").join(
        short.rename({"users": "people"}), on="code", how="left"
    )


def supply_table(task: Task, *, lowest: bool) -> pl.DataFrame:
    """People by region and topic wished for, with the share whose best training is poor.

    Parameters
    ----------
    task : Task
    lowest : bool
        In the lowest regions, or in those above them.

    Returns
    -------
    DataFrame
        ``above`` (name of the region above, for the lowest), ``region, topic, users, poor``, where
        they can be shown; where most people are without comes first.
    """
    homes = _homes(task)
    topic = task.profiles[Participants.interests.name].list.first()
    if lowest:
        groups = {**homes, "topic": topic}
        totals = [["code"], ["above", "topic"]]
    else:
        groups = {"code": homes["above"], "topic": topic}
        totals = [["code"], ["topic"]]
    regions = task.reference.vocabularies.regions
    named = pl.DataFrame({"code": regions.codes, "region": regions.frame["name"]})
    table = (
        supply_gap(task.best_gap_closed, groups, POOR_BELOW, totals)
        .drop_nulls("users")
        .join(named, on="code")
    )
    if lowest:
        above = named.rename({"code": "above", "region": "name"})
        table = table.join(above, on="above").drop("above").rename({"name": "above"})
    without = pl.col("users") * pl.col("poor")
    return table.select(*(["above"] if lowest else []), "region", "topic", "users", "poor").sort(
        without, "region", "topic", descending=[True, False, False]
    )


def _homes(task: Task) -> dict[str, pl.Series]:
    """Return the codes of the people's lowest regions, and of the regions above them."""
    regions = task.reference.vocabularies.regions
    home = regions.ids(task.profiles[Participants.region_code.name])
    codes = pl.Series([*regions.codes, None], dtype=pl.String)  # row -1: not known
    lowest = len(regions.levels) - 1
    return {
        name: codes.gather(np.where(at >= 0, at, len(regions)))
        for name, level in (("code", lowest), ("above", max(lowest - 1, 0)))
        for at in [np.where(home >= 0, regions.at_level(level)[home], -1)]
    }


def _region_means(values: PerUser, homes: dict[str, pl.Series]) -> pl.DataFrame:
    table = pl.DataFrame({**homes, "value": values}, nan_to_null=True).drop_nulls()
    cells = table.group_by("code", "above").agg(users=pl.len(), mean=pl.col("value").mean())
    return cells.filter(~find_hidden_cells(cells, [["above"]])).drop("above")
