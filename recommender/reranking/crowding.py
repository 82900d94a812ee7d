"""Lists that know the seats: what many want and few can have stands lower, so that lists spread.

What is known of seats is what the last allocation told (`recommender.catalogue.seats`): the price of a seat, and
how many people there are for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.seats import Seats
from recommender.settings import SlateSettings


def lower_crowded(
    scores: NDArray[np.float32],
    courses: NDArray[np.int32],
    seats: Seats,
    settings: SlateSettings,
) -> NDArray[np.float32]:
    """Return scores that are lower for what is crowded.

    Parameters
    ----------
    scores : ndarray of float32, shape (B, C)
        -inf marks places without a candidate.
    courses : ndarray of int32, shape (B, C)
    settings : SlateSettings
        The weight is, by price, how much of the span of a person's scores a price of 1 costs; by chance it goes
        from 0, the score alone, to 1, what the score is above the person's least times the chance of a seat.
    """
    weight = settings.crowding_weight
    real = np.isfinite(scores)
    low = np.where(real, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    high = np.where(real, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    with np.errstate(invalid="ignore"):  # of who has no candidate
        if settings.crowding == "price":
            lowered = scores - weight * seats.price[courses] * np.maximum(high - low, 0)
        else:
            lowered = low + (scores - low) * (1 - weight * (1 - seats.chance[courses]))
    return np.where(real, lowered, scores).astype(np.float32)


def measure_crowding(
    listed: NDArray[np.integer], seats: NDArray[np.integer]
) -> tuple[float, float]:
    """Return the share of all lists that what is listed stands in, for each of its seats: the mean and the most.

    Parameters
    ----------
    listed : ndarray of int, shape (B, k)
        What stands in each list; -1 for nothing.
    seats : ndarray of int, shape (N,)
        Of each that may be listed.
    """
    lists = np.bincount(listed[listed >= 0], minlength=len(seats))
    if not lists.any():
        return 0.0, 0.0
    ratios = lists / len(listed) / np.maximum(seats, 1)
    return float(np.average(ratios, weights=lists)), float(ratios.max())
