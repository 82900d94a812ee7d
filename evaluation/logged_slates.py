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

from training_data.columns import OWN_EVENT, Interactions

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

    An event answers to an impression of the same request and course. Left out are requests that showed less
    than ``k`` places, whose slates are of another kind, and impressions that no estimate can use: those without
    request, position or propensity, as portals send them, those that portals sent beside the service's own
    of the same request, and requests that show two trainings at one place.

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
        If impressions are there and none of them can be used.
    """
    kinds = E.kind.col.cast(pl.String)
    shown = events.filter((kinds == "impression") & (E.position.col.fill_null(0) <= k))
    usable = _find_usable(shown)
    if len(shown) and not len(usable):
        raise ValueError(
            f"none of the {len(shown):,} impressions can be used, such as {shown[E.event_id.name][0]}; "
            "off-policy estimates need request, position and propensity of each, and one training a place"
        )
    key = [E.request_id.name, E.course_id.name]
    answers = (
        events.filter(kinds.is_in(list(rewards)) & E.request_id.col.is_not_null())
        .with_columns(reward=kinds.replace_strict(rewards, return_dtype=pl.Float64))
        .group_by(key)
        .agg(pl.col("reward").max())
    )
    table = (
        usable.join(answers, on=key, how="left")
        .with_columns(pl.col("reward").fill_null(0.0))
        .filter(pl.len().over(E.request_id.name) == k)
        .sort(E.request_id.name, E.position.name)
    )
    first = table.gather_every(k)
    return LoggedSlates(
        first[E.request_id.name],
        first[E.participant_id.name],
        table[E.course_id.name].to_numpy().reshape(-1, k),
        table[E.propensity.name].to_numpy().reshape(-1, k),
        table["reward"].to_numpy().reshape(-1, k),
    )


def _find_usable(shown: pl.DataFrame) -> pl.DataFrame:
    """Return the impressions that are complete, of requests that show one training at each place."""
    request, place = E.request_id.name, E.position.name
    ours = E.event_id.col.str.starts_with(OWN_EVENT)
    return (
        shown.drop_nulls([request, place, E.propensity.name])
        .filter(ours | ~ours.any().over(request))
        .filter(~pl.struct(request, place).is_duplicated().any().over(request))
    )
