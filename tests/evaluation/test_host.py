"""How steady a core is, from how long pieces of work took."""

from __future__ import annotations

import os

import numpy as np

from evaluation.bench.host import pieces, steadiness


def test_slow_pieces_count_by_the_time_that_they_took() -> None:
    steady, slow = np.full(90, 0.001), np.full(10, 0.003)
    assert steadiness([steady]) == {"work_ms": 1.0, "slow_share": 0.0}
    assert steadiness([steady, slow]) == {"work_ms": 1.0, "slow_share": 0.25}


def test_a_core_is_looked_at_and_left() -> None:
    before = os.sched_getaffinity(0)
    took = pieces(min(before), 0.05)
    assert len(took) > 1
    assert (took > 0).all()
    assert os.sched_getaffinity(0) == before
