"""Histories as sequences: the last courses of each, aligned to the right."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

POSITIONS: Final = 50  # courses of a history that a sequence model sees


def pad_histories(
    begins: NDArray[np.integer], ends: NDArray[np.integer], courses: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the last courses of each history, aligned to the right, and where there is one, both (n, L)."""
    lengths = np.minimum(ends - begins, POSITIONS)
    longest = int(lengths.max(initial=1))
    from_end = np.arange(longest, 0, -1)
    there = from_end <= lengths[:, None]
    at = np.where(there, ends[:, None] - from_end, 0)
    return np.where(there, courses[at], 0).astype(np.int64), there
