"""At most so many a minute, for each name."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class RateLimit:
    """A sliding window, estimated from two fixed ones; of one process.

    A name is forgotten after two minutes, so what is held is bounded by the traffic.

    Parameters
    ----------
    per_minute : int
        Most of one name in a minute.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def is_full(self, name: str) -> bool:
        """Return whether another one would be over the limit."""
        return not self._limiter.test(self._limit, name)

    def take(self, name: str) -> bool:
        """Count one, unless it is over the limit; return whether it was counted."""
        return self._limiter.hit(self._limit, name)
