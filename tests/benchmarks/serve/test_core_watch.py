"""How steady a core is, and what is measured again because it was not."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.serve.core_watch import Watch, slow_share, watch_core


class Scripted(Watch):
    """A watch that sees what it is told to see."""

    def __init__(self, slow: list[float]) -> None:
        self._seen = []
        self._coming = iter([0.0, *slow])

    def look(self) -> NDArray[np.float64]:
        slow = next(self._coming)
        self._seen.append(
            np.array([0.001] * round(1000 * (1 - slow)) + [0.002] * round(500 * slow))
        )
        return self._seen[-1]


def test_slow_pieces_count_by_the_time_that_they_took() -> None:
    steady, slow = np.full(90, 0.001), np.full(10, 0.003)
    assert slow_share(steady, 0.001) == 0
    assert slow_share(np.concatenate([steady, slow]), 0.001) == pytest.approx(0.25)
    assert slow_share(np.empty(0), 0.001) == 0


@pytest.mark.parametrize(
    ("slow", "times", "counted"),
    [
        ([0.0, 0.04, 0.02], 2, [0, 1]),  # steady at once: nothing is measured again
        ([0.0, 0.5, 0.02], 3, [0, 2]),
        ([0.5, 0.3, 0.4, 0.2, 0.6], 5, [1, 3]),  # never steady: the steadiest, as they came
    ],
)
def test_what_was_measured_on_an_unsteady_core_is_measured_again(
    slow: list[float], times: int, counted: list[int]
) -> None:
    numbers = iter(range(len(slow)))
    repeated = Scripted(slow).repeat(lambda: next(numbers), wanted=2, most=5)
    assert repeated.results == list(range(times))
    assert repeated.slow == pytest.approx(slow[:times], abs=0.01)
    assert repeated.counted == repeated.steadiest == counted


def test_a_core_is_watched_from_a_process_of_its_own() -> None:
    before = os.sched_getaffinity(0)
    with watch_core(min(before)) as watch:
        watch.look()
        time.sleep(0.3)
        took = watch.look()
    assert 0 < len(took) < 10
    assert (took > 0).all()
    assert os.sched_getaffinity(0) == before
