"""List columns as arrays, without a loop over rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

Find = Callable[[str], int]


def exploded(values: pl.Series) -> tuple[NDArray[np.int64], pl.Series]:
    """Return the row of each element of a column, and the elements; nulls and empty lists are left out.

    A column that holds no lists has one element a row.
    """
    flat = pl.DataFrame({"row": np.arange(len(values)), "value": values})
    if isinstance(values.dtype, pl.List):
        flat = flat.explode("value", empty_as_null=False)
    flat = flat.drop_nulls("value")
    return flat["row"].to_numpy(), flat["value"]


def positions(values: pl.Series, find: Find) -> NDArray[np.int32]:
    """Return ``find(value)`` of each string, calling it once for each distinct one; -1 for null."""
    known = {value: find(value) for value in values.unique() if value is not None}
    if not known:
        return np.full(len(values), -1, np.int32)
    return values.replace_strict(known, default=-1, return_dtype=pl.Int32).to_numpy()


def indicator(lists: pl.Series, find: Find, width: int) -> sp.csr_matrix:
    """Return a float32 CSR matrix, one row a list, with a one in the column of each element found."""
    rows, values = exploded(lists)
    return ones_at(rows, positions(values, find), (len(lists), width))


def ones_at(
    rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]
) -> sp.csr_matrix:
    """Return a float32 CSR matrix with ones at (row, column); negative columns are left out, repeats count once."""
    kept = columns >= 0
    matrix = sp.csr_matrix(
        (np.ones(int(kept.sum()), np.float32), (rows[kept], columns[kept])), shape=shape
    )
    matrix.data[:] = 1.0
    return matrix


def codes_of(values: pl.Series, known: Sequence[str]) -> NDArray[np.int32]:
    """Return the position of each string in ``known``, -1 for null or unknown."""
    codes = values.cast(pl.String).cast(pl.Enum(known), strict=False).to_physical()
    return codes.cast(pl.Int32).fill_null(-1).to_numpy()
