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
    """What was known at a moment, and the events of the window after it."""

    past: Interactions
    future: Interactions


def backtest_cutoffs(
    interactions: Interactions, horizon: Horizon, count: int, window: float = 0.1
) -> Iterator[BacktestCutoff]:
    """Yield up to ``count`` cutoffs, the latest first.

    Parameters
    ----------
    horizon : {"time", "next"}
        "time" cuts all events at one moment, the latest first, and the future is the next ``window`` of the events.
        "next" divides the participants into ``count`` parts; the future is the last event of each of one part.
    window : float
        Share of the past that makes the future of "time".

    Notes
    -----
    With "time" no event of a past is later than any of its future. With "next" that holds within a participant
    only, as it does where one event of everybody's is held out.
    """
    if horizon == "next":
        return _cut_last_events(interactions, count)
    return _cut_time(interactions, count, window)


def mark_future(interactions: Interactions, cutoff: BacktestCutoff) -> NDArray[np.bool_]:
    """Return which events are the future of a cutoff of "next", the last of each of its participants, (E,)."""
    return _mark_last(interactions) & np.isin(interactions.users, cutoff.future.users)


def find_common_past(
    interactions: Interactions, horizon: Horizon, cutoffs: Sequence[BacktestCutoff]
) -> Interactions:
    """Return events common to the pasts of some cutoffs: what is learnt from them has seen none of the futures."""
    if horizon == "next":
        return interactions.take(~_mark_last(interactions))
    return min((cutoff.past for cutoff in cutoffs), key=len)


def _cut_time(interactions: Interactions, count: int, window: float) -> Iterator[BacktestCutoff]:
    age = ages(interactions)
    newest, border = 0.0, 0.0
    for _ in range(count):
        # the same ratio of future to past as between the test and all that came before it
        newest, border = border, border + window * (1 - border)
        past, future = age >= border, (age < border) & (age >= newest)
        if past.any() and future.any():
            yield BacktestCutoff(interactions.take(past), interactions.take(future))


def _cut_last_events(interactions: Interactions, count: int) -> Iterator[BacktestCutoff]:
    last = _mark_last(interactions)
    part = interactions.users % count
    for which in range(count):
        future = last & (part == which)
        if future.all() or not future.any():
            continue
        yield BacktestCutoff(interactions.take(~future), interactions.take(future))


def _mark_last(interactions: Interactions) -> NDArray[np.bool_]:
    n = len(interactions)
    at = np.arange(n) if interactions.at is None else interactions.at
    order = np.lexsort((np.arange(n), at, interactions.users))
    users = interactions.users[order]
    is_last = np.empty(n, dtype=bool)
    is_last[order] = np.append(users[1:] != users[:-1], True)[:n]
    return is_last
