"""The bids of an auction, step by step, and the surplus against its definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kernels.auction import bid, surplus


def test_bids_by_hand() -> None:
    # two people before one seat: the second outbids the first by what the first could bid at most
    starts = np.array([0, 1, 2], dtype=np.int64)
    classes = np.zeros(2, dtype=np.int32)
    values = np.array([0.5, 0.75], dtype=np.float32)
    prices, seated = np.zeros(1), np.full(2, -1, dtype=np.int32)
    bids, holders = np.zeros(1), np.full(1, -1, dtype=np.int32)
    taken, waiting = np.zeros(1, dtype=np.int64), np.array([1, 0], dtype=np.int32)
    seats = np.array([0, 1], dtype=np.int64)

    def go(count: int, most: int) -> int:
        return bid(
            starts,
            classes,
            values,
            np.zeros(2),
            seats,
            0.125,
            prices,
            seated,
            bids,
            holders,
            taken,
            waiting,
            count,
            most,
        )

    assert go(2, 1) == 1
    assert seated.tolist() == [0, -1]
    assert prices.tolist() == [0.625]  # all that it is worth, as nothing else is there, and a step
    assert go(1, 10) == 0
    assert seated.tolist() == [-1, 0]
    assert prices.tolist() == [0.875]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_surplus_is_the_most_beyond_the_price(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 4, 6))]).astype(np.int64)
    classes = rng.integers(0, 5, starts[-1]).astype(np.int32)
    values, prices = rng.random(starts[-1]).astype(np.float32), rng.random(5)
    found = np.empty(6)
    surplus(starts, classes, values, prices, found)
    for person in range(6):
        mine = slice(starts[person], starts[person + 1])
        expected = (values[mine].astype(float) - prices[classes[mine]]).max(initial=-np.inf)
        assert found[person] == expected
