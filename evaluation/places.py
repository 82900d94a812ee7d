"""Where people are served how well, and where trainings are missing."""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluation.metrics import PerUser
from evaluation.slices import MINIMUM_USERS, supply_gap
from evaluation.task import Task
from training_data.columns import Participants

POOR_BELOW = 0.25  # share of a person's gap that the best training should close


def region_table(task: Task, values: PerUser) -> pl.DataFrame:
    """One row for each lowest region: where it is, how well it is served, how many fit poorly."""
    regions = task.knowledge.regions
    lowest = np.flatnonzero(regions.level == len(regions.levels) - 1)
    table = pl.DataFrame(
        {
            "code": [regions.codes[i] for i in lowest],
            "name": regions.frame["name"].gather(lowest),
            "latitude": regions.latitude[lowest],
            "longitude": regions.longitude[lowest],
        }
    )
    code = task.profiles[Participants.region_code.name]
    quality = _region_means(values, code)
    short = supply_gap(task.best_gap_closed, {"code": code}, POOR_BELOW)
    return table.join(quality, on="code", how="left").join(
        short.rename({"users": "people"}), on="code", how="left"
    )


def _region_means(values: PerUser, code: pl.Series) -> pl.DataFrame:
    table = pl.DataFrame({"code": code, "value": values}, nan_to_null=True).drop_nulls()
    return (
        table.group_by("code")
        .agg(users=pl.len(), mean=pl.col("value").mean())
        .filter(pl.col("users") >= MINIMUM_USERS)
    )


def supply_table(task: Task) -> pl.DataFrame:
    """People by province and topic wished for, with the share whose best training is poor."""
    regions = task.knowledge.regions
    home = regions.ids(task.profiles[Participants.region_code.name])
    above = np.where(home >= 0, regions.at_level(len(regions.levels) - 2)[home], -1)
    names = pl.Series([*regions.frame["name"], None])  # row -1: not known
    groups = {
        "region": names.gather(np.where(above >= 0, above, len(regions))),
        "topic": task.profiles[Participants.interests.name].list.first(),
    }
    return (
        supply_gap(task.best_gap_closed, groups, POOR_BELOW)
        .drop_nulls()
        .sort("poor", "users", descending=True)
    )
