"""Older presents to learn from: the past as it stood then, and what came next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.candidates.recency import ages
from models.interactions import Interactions

Horizon = Literal["time", "next"]


@dataclass(frozen=True)
class Present:
    """A moment: what was known then, and the events that followed it."""

    past: Interactions
    future: Interactions


def earlier_presents(
    interactions: Interactions, horizon: Horizon, count: int, window: float = 0.1
) -> list[Present]:
    """Return up to ``count`` earlier presents, the latest first.

    Parameters
    ----------
    horizon : {"time", "next"}
        "time" cuts all events at one moment, and the future is the next ``window`` of the events; "next" takes each
        participant's last event (then the one before, and so on) as the future.
    window : float
        Share of the events in the past that make the future of "time".

    Notes
    -----
    With "time" no event of a past is later than any of its future. With "next" that holds for each participant.
    """
    if horizon == "next":
        from_end = _from_end(interactions)
        several = [step for step in range(count) if (from_end > step).any()]
        return [
            Present(interactions.take(from_end > step), interactions.take(from_end == step))
            for step in several
        ]
    age = ages(interactions)
    presents = []
    newest, border = 0.0, 0.0
    for _ in range(count):
        # the same ratio of future to past as between the test and all that came before it
        newest, border = border, border + window * (1 - border)
        presents.append(
            Present(
                interactions.take(age >= border),
                interactions.take((age < border) & (age >= newest)),
            )
        )
    return presents


def _from_end(interactions: Interactions) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    n = len(interactions)
    at = np.arange(n) if interactions.at is None else interactions.at
    order = np.lexsort((np.arange(n), at, interactions.users))
    ends = np.cumsum(np.bincount(interactions.users, minlength=interactions.n_users))
    from_end = np.empty(n, dtype=np.int64)
    from_end[order] = ends[interactions.users[order]] - 1 - np.arange(n)
    return from_end
