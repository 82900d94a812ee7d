from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from evaluation.suppression import MINIMUM_USERS, find_hidden_cells

ROWS, COLUMNS = 4, 3


@given(st.lists(st.integers(0, 60), min_size=ROWS * COLUMNS, max_size=ROWS * COLUMNS))
def test_no_total_tells_of_few(users: list[int]) -> None:
    place = np.arange(ROWS * COLUMNS)
    cells = pl.DataFrame({"row": place // COLUMNS, "column": place % COLUMNS, "users": users})
    hidden = find_hidden_cells(cells, [["row"], ["column"]])
    assert hidden.filter(cells["users"] < MINIMUM_USERS).all()
    for total in ("row", "column"):
        for _, group in cells.with_columns(hidden=hidden).group_by(total):
            secret = group.filter(pl.col("hidden") & (pl.col("users") > 0))
            assert (
                secret.is_empty()
                or (len(secret) > 1 and secret["users"].sum() >= MINIMUM_USERS)
                or group["hidden"].all()
            )


def test_nothing_more_than_needed_is_hidden() -> None:
    cells = pl.DataFrame({"total": [0] * 3 + [1] * 3, "users": [3, 8, 20, 3, 12, 20]})
    hidden = find_hidden_cells(cells, [["total"]])
    assert hidden.to_list() == [True, True, False, True, True, False]
