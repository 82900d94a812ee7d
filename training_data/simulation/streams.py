"""Random numbers that belong to a person, not to a chunk.

A counter-based generator is moved to the first person of a chunk, so the same person draws the same
numbers however the population is cut, and whatever its size.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FLOATS_A_STEP: Final = 4  # of 64 bits, in one step of the Philox counter


class Stream(IntEnum):
    """What the numbers are for; streams are independent of one another."""

    WORLD = 0
    PEOPLE = 1
    ADMISSION = 2
    CHOICE = 3
    COURSE_OF_EVENTS = 4
    LIST = 5
    CLICK = 6
    PROFILE = 7


def uniforms(
    seed: int, stream: Stream, first: int, count: int, width: int, visit: int = 0
) -> NDArray[np.float64]:
    """Return numbers in [0, 1) of persons ``first`` to ``first + count``, shape (count, width)."""
    steps = -(-width // _FLOATS_A_STEP)
    bits = np.random.Philox(key=[seed, stream + len(Stream) * visit])
    bits.advance(first * steps)
    drawn = np.random.Generator(bits).random((count, steps * _FLOATS_A_STEP))
    return drawn[:, :width]


def exponentials(
    seed: int, stream: Stream, first: int, count: int, width: int, visit: int
) -> NDArray[np.float32]:
    """Return standard exponential numbers as in `uniforms`, in single precision.

    The smallest ``exponential / weight`` falls on each item with the probability of its weight, and
    the order of the smallest ones is a Plackett-Luce draw.
    """
    drawn = uniforms(seed, stream, first, count, width, visit)
    return -np.log1p(-drawn).astype(np.float32)


def draw_categories(shares: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return categories by inversion; ``shares``, shape (K,) or (B, K), sum to 1 along the last axis."""
    if shares.ndim == 1:
        found = np.searchsorted(np.cumsum(shares), uniform, side="right")
    else:
        found = (np.cumsum(shares, axis=1) <= uniform[:, None]).sum(axis=1)
    return np.asarray(np.minimum(found, shares.shape[-1] - 1))
