"""At most so many a minute, for each name."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable

WINDOW_SECONDS = 60


class RateLimit:
    """A sliding window, estimated from two fixed ones: this minute's count and a fading part of the last's.

    Of one process. A name is forgotten after two minutes, so what is held is bounded by the traffic.

    Parameters
    ----------
    per_minute : int
        Most of one name in a minute.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._window = 0
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def is_full(self, name: str, count: int = 1) -> bool:
        """Return whether so many more would be over the limit."""
        return self._used(name) + count > self._per_minute

    def remaining(self, name: str) -> int:
        """Return how many more of a name are taken at once."""
        return max(0, int(self._per_minute - self._used(name)))

    def seconds_left(self) -> int:
        """Return the seconds until this minute's count begins to fade."""
        return math.ceil(WINDOW_SECONDS - self._clock() % WINDOW_SECONDS)

    def take(self, name: str, count: int = 1) -> bool:
        """Count so many, unless they are over the limit; return whether they were counted."""
        if self.is_full(name, count):
            return False
        self._now[name] += count
        return True

    def _used(self, name: str) -> float:
        window, into = divmod(self._clock(), WINDOW_SECONDS)
        if window != self._window:
            self._before = self._now if window == self._window + 1 else Counter()
            self._now = Counter()
            self._window = int(window)
        fading = self._before.get(name, 0) * (1 - into / WINDOW_SECONDS)
        return self._now.get(name, 0) + fading
