"""Which figures about few people are not shown, nor can be found by subtraction."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

MINIMUM_USERS = 10


def find_hidden_cells(cells: pl.DataFrame, totals: Sequence[Sequence[str]]) -> pl.Series:
    """Return which cells carry no figures.

    Those of less than ``MINIMUM_USERS``, and the next smallest until what is hidden below a total are
    at least two cells and as many people: total less shown cells then says nothing about few.

    Parameters
    ----------
    cells : DataFrame
        With the column ``users``.
    totals : sequence of sequence of str
        Columns of each total that may be known: cells that agree in them add up to it. The smallest
        totals come first, so that no more is hidden than needed.

    Returns
    -------
    Series of Boolean
        In the order of the cells.
    """
    table = cells.with_columns(hidden=pl.col("users") < MINIMUM_USERS)
    while True:
        before = table["hidden"].sum()
        for total in totals:
            table = table.with_columns(hidden=pl.col("hidden") | _next(list(total)))
        if table["hidden"].sum() == before:
            return table["hidden"]


def _next(total: list[str]) -> pl.Expr:
    """Return the smallest shown cell of each total that would still tell what is hidden."""
    hidden = pl.col("hidden") & (pl.col("users") > 0)
    count = hidden.sum().over(total)
    people = pl.when(hidden).then(pl.col("users")).otherwise(0).sum().over(total)
    told = (count == 1) | ((count > 1) & (people < MINIMUM_USERS))
    place = pl.when(~pl.col("hidden")).then(pl.col("users")).rank("ordinal").over(total)
    return told & (place == 1).fill_null(False)
