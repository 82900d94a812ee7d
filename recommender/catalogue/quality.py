"""The quality of trainings from outcomes: each figure shrunk toward the catalogue's, with an interval.

Ratings, completion, gain between tests, placement and refunds are all shares of one kind: a mean in
[0, 1] with the number of observations behind it. Each is a Beta posterior. The prior is learnt from
the catalogue: its mean, and by the method of moments how far trainings truly differ beyond chance. Where
they hardly differ, as with mandatory ratings that are all 4.9, much evidence is needed to leave the mean.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import beta

from training_data.columns import Courses, Interactions

C, E = Courses, Interactions
TIME_TO_FINISH = dt.timedelta(days=30)
COVERAGE = 0.9  # of the intervals
ENOUGH = 10  # observations, below which a figure is not shown
WEIGHT_RANGE = (2.0, 1000.0)  # observations that the prior may be worth
MEASURES = {
    "rating": (C.rating_mean, C.rating_count, (0.0, 5.0)),
    "completion": (C.completion_rate, C.completion_count, (0.0, 1.0)),
    "gain": (C.gain_mean, C.gain_count, (-1.0, 1.0)),
    "placement": (C.placement_rate, C.placement_count, (0.0, 1.0)),
    "refund": (C.refund_rate, C.refund_count, (0.0, 1.0)),
}


@dataclass(frozen=True)
class Measure:
    """One measure of N trainings, in its own unit (stars, shares, test points).

    Attributes
    ----------
    mean, low, high : ndarray of float32, shape (N,)
        Posterior mean, and the ends of the interval that holds the true figure 9 times in 10.
    count : ndarray of int64, shape (N,)
        Observations; a figure that comes without a count is worth one.
    scaled : ndarray of float32, shape (N,)
        The mean in [0, 1].
    observed : ndarray of float64, shape (N,)
        The figure as it was reported; NaN where none was.
    """

    mean: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    count: NDArray[np.int64]
    scaled: NDArray[np.float32]
    observed: NDArray[np.float64]

    @property
    def usual(self) -> float:
        """Mean of all observations; NaN where there are none."""
        known = ~np.isnan(self.observed)
        count = self.count[known]
        return float(self.observed[known] @ count / count.sum()) if count.any() else float("nan")

    @property
    def outstanding(self) -> NDArray[np.bool_]:
        """Whether a figure that may be shown is above the usual beyond chance, (N,)."""
        return self.known & (self.low > self.usual)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether there is enough data to show the figure."""
        return np.asarray(self.count >= ENOUGH)

    def summary(self, course: int) -> dict[str, Any]:
        """Return the figures of one training as people may be shown them."""
        enough = bool(self.known[course])
        shown = {"mean": self.mean, "low": self.low, "high": self.high} if enough else {}
        return {"enough": enough, "count": int(self.count[course])} | {
            name: round(float(values[course]), 3) for name, values in shown.items()
        }


@dataclass(frozen=True)
class Quality:
    """What is known of each of N trainings from outcomes, by the names of ``MEASURES``."""

    measures: dict[str, Measure]

    @cached_property
    def overall(self) -> NDArray[np.float32]:
        """Mean of the measures that the catalogue has, (N,), in [0, 1]; refunds count against it."""
        columns = [
            1 - measure.scaled if name == "refund" else measure.scaled
            for name, measure in self.measures.items()
            if measure.count.any()
        ]
        if not columns:
            return np.full(len(self.measures["rating"].count), 0.5, dtype=np.float32)
        overall: NDArray[np.float32] = np.mean(columns, axis=0).astype(np.float32)
        return overall

    @property
    def completion(self) -> NDArray[np.float32]:
        """Share that finishes, (N,)."""
        return self.measures["completion"].mean

    @property
    def placement(self) -> NDArray[np.float32]:
        """Placement rate, (N,)."""
        return self.measures["placement"].mean

    def summary(self, course: int) -> dict[str, dict[str, Any]]:
        """Return mean, interval and count of each measure of one training.

        Where there is not enough data, ``enough`` is false and no figure is given.
        """
        return {name: measure.summary(course) for name, measure in self.measures.items()}


def build_quality(courses: pl.DataFrame) -> Quality:
    """Return the quality of the trainings of a ``Courses`` table."""
    return Quality(
        {
            name: _measure(_floats(courses, mean.name), _floats(courses, count.name), limits)
            for name, (mean, count, limits) in MEASURES.items()
        }
    )


def _measure(
    mean: NDArray[np.float64], count: NDArray[np.float64], limits: tuple[float, float]
) -> Measure:
    least, most = limits
    share = (mean - least) / (most - least)
    n = np.where(np.isnan(share), 0.0, np.where(np.isnan(count), 1.0, count))
    share = np.where(n > 0, share, 0.5)
    prior, weight = _prior(share, n)
    a, b = share * n + prior * weight, (1 - share) * n + (1 - prior) * weight
    outside = (1 - COVERAGE) / 2
    scaled = a / (a + b)
    in_unit = (
        (least + (most - least) * value).astype(np.float32)
        for value in (scaled, beta.ppf(outside, a, b), beta.ppf(1 - outside, a, b))
    )
    mean_, low, high = in_unit
    return Measure(mean_, low, high, n.astype(np.int64), scaled.astype(np.float32), mean)


def _prior(share: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float]:
    """Mean of the catalogue, and how many observations it is worth.

    The variance of shares about their mean is that of chance, ``m (1 - m) / n``, and that between
    trainings; the latter, ``m (1 - m) / (weight + 1)`` of a Beta distribution, gives the weight.
    """
    if not n.any():
        return 0.5, WEIGHT_RANGE[0]
    mean = float(np.clip(share @ n / n.sum(), 1e-3, 1 - 1e-3))
    several = n >= 2
    if several.sum() < 2:
        return mean, 20.0
    spread = mean * (1 - mean)
    between = float(np.mean((share[several] - mean) ** 2 - spread / n[several]))
    weight = spread / between - 1 if between > 0 else WEIGHT_RANGE[1]
    return mean, float(np.clip(weight, *WEIGHT_RANGE))


def list_outcomes(events: pl.DataFrame) -> pl.DataFrame:
    """Return who took which training, and whether they finished it: participant, training, ``finished``.

    Of those only who took it, and had `TIME_TO_FINISH` to finish before the last event.
    """
    pair = (E.participant_id.name, E.course_id.name)
    seen = events.select(*pair, E.kind.name, E.at.name)
    took = (
        seen.filter(E.kind.col.is_in(("purchase", "start")))
        .group_by(pair, maintain_order=True)
        .agg(E.at.col.min())
        .filter(E.at.col <= pl.lit(seen[E.at.name]).max() - pl.lit(TIME_TO_FINISH))
    )
    finished = seen.filter(E.kind.col.is_in(("complete", "rate"))).select(pair).unique()
    joined = took.join(finished.with_columns(finished=True), on=pair, how="left")
    return joined.select(*pair, pl.col("finished").fill_null(False))


def add_completion(courses: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Give each training without a completion rate the share of its `list_outcomes` that are good."""
    told = (
        list_outcomes(events)
        .group_by(E.course_id.name)
        .agg(pl.col("finished").mean().alias("rate"), pl.len().alias("count"))
    )
    joined = courses.join(told, on=C.course_id.name, how="left", maintain_order="left")
    without = C.completion_rate.col.is_null()
    return joined.with_columns(
        pl.coalesce(C.completion_rate.col, "rate").alias(C.completion_rate.name),
        pl.when(without)
        .then(pl.col("count").cast(pl.Int64))
        .otherwise(C.completion_count.col)
        .alias(C.completion_count.name),
    ).select(courses.columns)


def _floats(courses: pl.DataFrame, name: str) -> NDArray[np.float64]:
    floats: NDArray[np.float64] = courses[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return floats
