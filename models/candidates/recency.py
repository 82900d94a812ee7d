"""How much an event still counts, by how long ago it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.kernels.events import fading


def ages(interactions: Interactions) -> NDArray[np.float64]:
    """Return the share of all events that came after each one, from 0 (newest) to 1, shape (E,).

    A clock that ticks with the events has no unit, so one setting suits busy and quiet platforms; where no time is
    known, the order of the rows stands for it.
    """
    n = len(interactions)
    if interactions.at is None:
        return (n - 1 - np.arange(n)) / max(n, 1)
    ordered = np.sort(interactions.at)
    return (n - np.searchsorted(ordered, interactions.at, side="right")) / max(n, 1)


def decay(age: NDArray[np.float64], half_life: float | None) -> NDArray[np.float32]:
    """Return 0.5 ** (age / half_life) as float32; 1 where there is no half-life."""
    if half_life is None:
        return np.ones(len(age), dtype=np.float32)
    return (0.5 ** (age / half_life)).astype(np.float32)


def by_position(batch: Histories, keep: float) -> NDArray[np.float32]:
    """Return ``keep`` ** (events of the same participant that came after), shape (E,)."""
    return fading(batch.indptr, keep)
