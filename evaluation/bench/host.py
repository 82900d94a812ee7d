"""How steady a core is: how long the same piece of work takes on it, again and again.

Cores of shared machines are up to twice as slow at one moment as at another, without anything of it being seen as
stolen time. A service's slowest answers are then the host's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEPS = 8_000  # of one piece of work, some tenths of a millisecond
SLOW = 1.25  # times as long as the quickest twentieth


def pieces(core: int, seconds: float) -> NDArray[np.float64]:
    """Return the seconds of each of as many pieces of work as a core does in a time."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [core])
    took = []
    try:
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            _work()
            took.append(time.perf_counter() - start)
    finally:
        os.sched_setaffinity(0, before)
    return np.array(took)


def steadiness(looks: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return how a core was: the milliseconds of quick pieces, and the share of time in slow ones."""
    took = np.concatenate(looks)
    quick = float(np.quantile(took, 0.05))
    return {
        "work_ms": round(1000 * quick, 3),
        "slow_share": round(float(took[took > SLOW * quick].sum() / took.sum()), 2),
    }


def _work() -> int:
    total = 0
    for step in range(STEPS):
        total += step * step
    return total
