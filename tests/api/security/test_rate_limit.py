"""Rate limits: no minute has more than agreed, names do not share a limit, and there is room again afterwards."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from api.security.rate_limit import RateLimit

WINDOW_SECONDS = 60
CALLS = st.lists(st.tuples(st.floats(0, 40), st.sampled_from("ab")), min_size=1, max_size=80)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@given(CALLS, st.integers(1, 5))
def test_no_minute_has_more_and_two_minutes_later_there_is_room(
    calls: list[tuple[float, str]], per_minute: int
) -> None:
    clock = Clock(1_000.0)
    limit = RateLimit(per_minute, clock)
    taken: Counter[tuple[str, float]] = Counter()
    for wait, name in calls:
        clock.now += wait
        full = limit.is_full(name)
        assert limit.take(name) != full
        taken[name, clock.now // WINDOW_SECONDS] += not full
    assert max(taken.values()) <= per_minute
    clock.now += 2 * WINDOW_SECONDS
    assert not limit.is_full("a")
    assert not limit.is_full("b")


@given(st.floats(0, 59), st.floats(0, 59))
def test_the_last_minute_fades(into: float, later: float) -> None:
    """A client that took all it may is let in again little by little, not all at once."""
    clock = Clock(600.0 + into)
    limit = RateLimit(100, clock)
    assert [limit.take("a") for _ in range(101)] == [True] * 100 + [False]
    clock.now = 660.0 + later
    room = 0
    while limit.take("a"):
        room += 1
    assert abs(room - 100 * later / WINDOW_SECONDS) <= 1
