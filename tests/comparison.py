"""Whether two tables in columns are the same."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from polars.testing import assert_series_equal


def assert_same(one: Any, other: Any, tolerance: float = 0.0) -> None:
    """Check that columns and those below them are the same; types, shapes and kinds of numbers included.

    Parameters
    ----------
    tolerance : float
        Relative, of fractions alone.
    """
    assert type(one) is type(other)
    if is_dataclass(one) and one is not other:
        for each in fields(one):
            assert_same(getattr(one, each.name), getattr(other, each.name), tolerance)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name, column in one.items():
            assert_same(column, other[name], tolerance)
    elif isinstance(one, sp.csr_matrix):
        assert one.shape == other.shape
        assert_same(one.toarray(), other.toarray(), tolerance)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        if tolerance and one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance / 10)
        else:
            np.testing.assert_array_equal(one, other)
    elif isinstance(one, pl.Series):
        assert_series_equal(one, other)
    elif isinstance(one, tuple | list | int | str):
        assert one == other
