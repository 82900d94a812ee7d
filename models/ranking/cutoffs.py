"""Backtest cutoffs for learning to rank: features as of the cutoff, labels from the window after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.candidates.interactions import Interactions
from models.candidates.recency import ages

Horizon = Literal["time", "next"]


@dataclass(frozen=True)
class BacktestCutoff:
    """What was known at a moment, and what came in the window after it.

    Attributes
    ----------
    past, future : Interactions
    known : ndarray of bool, shape (E,)
        Which events are its past.
    """

    past: Interactions
    future: Interactions
    known: NDArray[np.bool_]


def backtest_cutoffs(
    interactions: Interactions, horizon: Horizon, count: int, window: float, depth: int
) -> Iterator[BacktestCutoff]:
    """Yield cutoffs, the latest first.

    Parameters
    ----------
    horizon : {"time", "next"}
        "time" cuts all events at up to ``count`` moments, and the future is the next ``window`` of the events.
        "next" divides the participants into ``count`` parts; the future is the last event of each of one part, then
        the last but one, and so on.
    window : float
        Share of the past that makes the future of "time".
    depth : int
        Last events of each participant that become a future of "next".

    Notes
    -----
    With "time" no event of a past is later than any of its future. With "next" that holds within a participant
    only, as it does where one event of everybody's is held out.
    """
    if horizon == "next":
        return _cut_last_events(interactions, count, depth)
    return _cut_time(interactions, count, window)


def find_common_past(interactions: Interactions, cutoffs: Sequence[BacktestCutoff]) -> Interactions:
    """Return events common to the pasts of some cutoffs: what is learnt from them has seen none of the futures."""
    return interactions.take(np.logical_and.reduce([cutoff.known for cutoff in cutoffs]))


def _cut_time(interactions: Interactions, count: int, window: float) -> Iterator[BacktestCutoff]:
    age = ages(interactions)
    newest, border = 0.0, 0.0
    for _ in range(count):
        # the same ratio of future to past as between the test and all that came before it
        newest, border = border, border + window * (1 - border)
        past, future = age >= border, (age < border) & (age >= newest)
        if past.any() and future.any():
            yield BacktestCutoff(interactions.take(past), interactions.take(future), past)


def _cut_last_events(
    interactions: Interactions, count: int, depth: int
) -> Iterator[BacktestCutoff]:
    after, length = _count_after(interactions)
    part = interactions.users % count
    for steps in range(depth):
        # who has but the events to foretell is a newcomer, and asked about once
        able = (length > steps + 1) | (steps == 0)
        for which in range(count):
            mine = (part == which) & able
            future, past = mine & (after == steps), ~(mine & (after <= steps))
            if past.any() and future.any():
                yield BacktestCutoff(interactions.take(past), interactions.take(future), past)


def _count_after(interactions: Interactions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many events of the same participant came after each, and how many there are in all, (E,) each."""
    n = len(interactions)
    at = np.arange(n) if interactions.at is None else interactions.at
    order = np.lexsort((np.arange(n), at, interactions.users))
    users = interactions.users[order]
    sizes = np.bincount(users, minlength=interactions.n_users)
    after = np.empty(n, dtype=np.int64)
    after[order] = np.cumsum(sizes)[users] - 1 - np.arange(n)
    return after, sizes[interactions.users]
