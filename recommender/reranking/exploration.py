"""Exploration: the last places of some lists are left to chance, each with a known probability.

A list that is made of the scores alone shows the same trainings to the same people for ever, and what
others would have earned cannot be learnt from its log. So with the probability ``share`` the last
``places`` of a list are filled by a uniform draw, without replacement, from the trainings that stand there
and the ``pool`` that come next; where these fit unlike well, each place from those that fit as well as what
stands there. The probability of a training at a place is then exact and simple:
``(1 - share) [it would stand there anyway] + share / (trainings in the draw for the place)``.

All trainings in the draw are permitted and were found fit by the ranker, only less so than what stands
above. The draw follows from a seed, the request's id, so that every list can be made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.settings import Exploration

BYTES = 8  # of a random number


def explore(
    ordered: NDArray[np.int64],
    fits: NDArray[np.int8],
    k: int,
    exploration: Exploration,
    seeds: Sequence[str | None],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose k of what is ordered, and say with which probability each came to its place.

    Parameters
    ----------
    ordered : ndarray of int64, shape (B, n)
        Best first, n as far as ``k + exploration.pool``; -1 from where there are no more.
    fits : ndarray of int8, shape (B, n)
        How well each fits; it never rises along a row.
    seeds : sequence of str or None, B long
        What a draw follows from; None: nothing is left to chance.

    Returns
    -------
    chosen : ndarray of int64, shape (B, min(k, n))
    propensities : ndarray of float64, shape (B, min(k, n))
        1 above the last places.
    """
    first = max(k - exploration.places, 0)
    chosen, tail = ordered[:, :k].copy(), ordered[:, first : k + exploration.pool]
    propensities = np.ones(chosen.shape)
    share = np.where([seed is None for seed in seeds], 0.0, exploration.share)
    numbers = _random(seeds, 1 + tail.shape[1])
    drawn = numbers[:, 0] < share
    # Sorted by random numbers, those that are real come first, in an order of chance.
    fit = fits[:, first : k + exploration.pool]
    lots = np.where(tail >= 0, numbers[:, 1:] - fit, 1.0)
    shuffled = np.take_along_axis(tail, lots.argsort(axis=1), axis=1)
    anyway = chosen[:, first:]
    last = np.where(drawn[:, None], shuffled[:, : anyway.shape[1]], anyway)
    alike = (fit[:, : anyway.shape[1], None] == fit[:, None]) & (tail >= 0)[:, None]
    in_draw = np.maximum(alike.sum(axis=2), 1)
    propensities[:, first:] = (last == anyway) * (1 - share)[:, None] + share[:, None] / in_draw
    chosen[:, first:] = last
    return chosen, propensities


def _random(seeds: Sequence[str | None], n: int) -> NDArray[np.float64]:
    """Return n numbers in [0, 1) for each seed; the same in every version of every library."""
    streams = [hashlib.shake_256((seed or "").encode()).digest(BYTES * n) for seed in seeds]
    whole = np.frombuffer(b"".join(streams), dtype="<u8").reshape(len(seeds), n)
    return (whole >> np.uint64(11)).astype(np.float64) * 2.0**-53  # as many bits as a double holds
