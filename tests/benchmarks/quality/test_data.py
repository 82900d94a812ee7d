"""The reader of the quality benchmark's tables."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.quality.data import from_tables


@pytest.mark.parametrize(
    ("ids", "joined"),
    [
        (["7", "10", "9"], [10.0, 7.0, 9.0]),
        (["U_7", "U_10", "U_9"], [10.0, 7.0, 9.0]),
        (["7", "ten", "9"], None),
        (["a1b2", "a1b3", "a1b4"], None),
        (["10", "9", "7"], None),  # dealt in another order
        (["7", "7a", "7b"], None),
    ],
)
def test_numbers_in_ids_tell_who_joined_first(ids: list[str], joined: list[float] | None) -> None:
    """One number an id, beside the participants in the order of the table (sorted as text)."""
    events = pl.DataFrame(
        {"participant": ids * 10, "course": [str(n) for n in range(30)], "at": range(30)}
    )
    found = from_tables("some", events, "time").user_joined
    if joined is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, joined)


def test_without_a_clock_numbers_in_ids_tell_nothing() -> None:
    events = pl.DataFrame({"participant": ["7", "9"] * 10, "course": [str(n) for n in range(20)]})
    assert from_tables("some", events, "time").user_joined is None
