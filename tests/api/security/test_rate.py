"""Rates: no minute has more than agreed, names do not share a limit, and there is room again afterwards."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from api.security.rate import WINDOW_SECONDS, Rate

ASKED = st.lists(st.tuples(st.floats(0, 40), st.sampled_from("ab")), min_size=1, max_size=80)


@given(ASKED, st.integers(1, 5))
def test_no_minute_has_more_and_two_minutes_later_there_is_room(
    asked: list[tuple[float, str]], most: int
) -> None:
    now = 1_000.0
    rate = Rate(most, lambda: now)
    taken: Counter[tuple[str, float]] = Counter()
    for wait, name in asked:
        now += wait
        full = rate.is_full(name)
        assert rate.take(name) != full
        taken[name, now // WINDOW_SECONDS] += not full
    assert max(taken.values()) <= most
    now += 2 * WINDOW_SECONDS
    assert not rate.is_full("a")
    assert not rate.is_full("b")


@given(st.floats(0, 59), st.floats(0, 59))
def test_the_last_minute_fades(into: float, later: float) -> None:
    """A client that took all it may is let in again little by little, not all at once."""
    now = 600.0 + into
    rate = Rate(100, lambda: now)
    assert [rate.take("a") for _ in range(101)] == [True] * 100 + [False]
    now = 660.0 + later
    room = 0
    while rate.take("a"):
        room += 1
    assert abs(room - 100 * later / WINDOW_SECONDS) <= 1
