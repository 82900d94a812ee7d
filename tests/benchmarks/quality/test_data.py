"""The reader of the quality benchmark's tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.quality.data import from_tables


def test_a_registration_date_is_read_where_a_table_says_it() -> None:
    events = pl.DataFrame(
        {
            "participant": ["7", "10", "9"] * 10,
            "course": [str(n) for n in range(30)],
            "at": range(30),
        }
    )
    people = pl.DataFrame(
        {"participant": ["9", "7", "7"], "attribute": ["a", "b", "c"], "joined": [5, 3, 3]}
    )
    found = from_tables("some", events, "time", user_attributes=people).user_joined
    np.testing.assert_array_equal(found, [np.nan, 3, 5])  # 10, 7, 9
    assert from_tables("some", events, "time").user_joined is None
