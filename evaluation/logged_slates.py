"""Logged impressions as slates: what was shown where, with which probability, and what came of it.

Which estimator fits depends on what the logged probability is of. That of the service's exploration is of
the training at its place, whatever stands above: :func:`evaluation.off_policy.independent_ips`. That of the
simulator is of the training given those above it: :func:`evaluation.off_policy.interaction_ips`. A new
policy that leaves nothing to chance shows with probability 1 or 0:

>>> slates = read_logged_slates(dataset.read("interactions"), k=10)
>>> weights = importance_weights((slates.courses == listed).astype(float), slates.propensities)
>>> independent_ips(slates.rewards, weights)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training_data.columns import Interactions

E = Interactions

REWARDS = {"click": 0.2, "purchase": 1.0}


@dataclass(frozen=True)
class LoggedSlates:
    """Answers of n requests with k places each; see :mod:`evaluation.off_policy` for what to do with them.

    Attributes
    ----------
    request_ids, participant_ids : polars.Series of String, length n
    courses : ndarray of object, shape (n, k)
        ``course_id`` at each place.
    propensities : ndarray of float64, shape (n, k)
        Probability that the course was shown at its place.
    rewards : ndarray of float64, shape (n, k)
        The best that followed from it, 0 where nothing did.
    """

    request_ids: pl.Series
    participant_ids: pl.Series
    courses: NDArray[np.object_]
    propensities: NDArray[np.float64]
    rewards: NDArray[np.float64]


def read_logged_slates(
    events: pl.DataFrame, k: int, rewards: Mapping[str, float] = REWARDS
) -> LoggedSlates:
    """Collect the impressions of each request, and the events that answer to them.

    An event answers to an impression of the same request and course. Requests that showed less than
    ``k`` places are left out: their slates are of another kind. So are impressions without request, position
    or propensity: a portal noted them, and nobody knows how likely they were.

    Parameters
    ----------
    events : DataFrame
        Rows of the Interactions contract.
    k : int
        Places of a slate.
    rewards : mapping of str to float
        Worth of each kind of event.

    Raises
    ------
    ValueError
        If a place is filled twice.
    """
    kinds = E.kind.col.cast(pl.String)
    logged = [E.request_id.name, E.position.name, E.propensity.name]
    shown = events.filter(kinds == "impression", E.position.col <= k).drop_nulls(logged)
    key = [E.request_id.name, E.course_id.name]
    answers = (
        events.filter(kinds.is_in(list(rewards)) & E.request_id.col.is_not_null())
        .with_columns(reward=kinds.replace_strict(rewards, return_dtype=pl.Float64))
        .group_by(key)
        .agg(pl.col("reward").max())
    )
    table = (
        shown.join(answers, on=key, how="left")
        .with_columns(pl.col("reward").fill_null(0.0))
        .filter(pl.len().over(E.request_id.name) >= k)
        .sort(E.request_id.name, E.position.name)
    )
    if (
        len(table) % k
        or (table[E.position.name].to_numpy().reshape(-1, k) != np.arange(1, k + 1)).any()
    ):
        raise ValueError("a request shows two trainings at one place, or skips a place")
    first = table.gather_every(k)
    return LoggedSlates(
        first[E.request_id.name],
        first[E.participant_id.name],
        table[E.course_id.name].to_numpy().reshape(-1, k),
        table[E.propensity.name].to_numpy().reshape(-1, k),
        table["reward"].to_numpy().reshape(-1, k),
    )
