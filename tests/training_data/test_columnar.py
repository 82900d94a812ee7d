"""Tables in columns: taken and joined, each row keeps its values, whatever holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.comparison import assert_same
from training_data.columnar import Columnar, Ragged
from training_data.packing import pack, unpack

WIDTH = 7
SHARED = {"vocabulary"}  # no column: all rows refer to it
MANY = settings(max_examples=60, deadline=None)


@dataclass(frozen=True)
class Inner(Columnar):
    """Columns of a table within a table."""

    numbers: NDArray[np.int32]
    words: tuple[str | None, ...]


@dataclass(frozen=True)
class Example(Columnar):
    """One column of each kind."""

    numbers: NDArray[np.int64]
    rows: NDArray[np.float32]
    flags: NDArray[np.bool_]
    cells: sp.csr_matrix
    moments: Ragged
    words: tuple[tuple[str, ...], ...]
    inner: Inner
    by_name: dict[str, sp.csr_matrix | NDArray[np.int32] | Inner]
    shared: set[str]

    def __len__(self) -> int:
        return len(self.numbers)


def random_inner(rng: np.random.Generator, count: int) -> Inner:
    numbers = rng.integers(-1, 9, count).astype(np.int32)
    return Inner(numbers, tuple(None if number < 0 else f"word {number}" for number in numbers))


def random_matrix(rng: np.random.Generator, count: int) -> sp.csr_matrix:
    density = rng.uniform(0, 0.6)
    return sp.random(count, WIDTH, density=density, format="csr", rng=rng, dtype=np.float32)


def random_ragged(rng: np.random.Generator, count: int) -> Ragged:
    starts = np.append(0, np.cumsum(rng.integers(0, 4, count))).astype(np.int32)
    return Ragged(starts, rng.integers(0, 2**40, starts[-1]))


def list_rows(column: Ragged) -> list[list[int]]:
    return [column.values[first:end].tolist() for first, end in pairwise(column.starts)]


def random_table(rng: np.random.Generator, count: int) -> Example:
    return Example(
        numbers=rng.integers(0, 100, count),
        rows=rng.random((count, 3), dtype=np.float32),
        flags=rng.random(count) < 0.5,
        cells=random_matrix(rng, count),
        moments=random_ragged(rng, count),
        words=tuple(("a", "b", "c")[: rng.integers(0, 4)] for _ in range(count)),
        inner=random_inner(rng, count),
        by_name={
            "cells": random_matrix(rng, count),
            "numbers": rng.integers(0, 100, count).astype(np.int32),
            "inner": random_inner(rng, count),
        },
        shared=SHARED,
    )


@st.composite
def tables(draw: st.DrawFn, min_parts: int = 1, min_rows: int = 0) -> list[Example]:
    """Tables that may stand one below the other."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = draw(st.lists(st.integers(min_rows, 5), min_size=min_parts, max_size=4))
    return [random_table(rng, count) for count in counts]


@MANY
@given(tables(min_rows=1), st.data())
def test_rows_are_taken_as_numpy_and_scipy_take_them(
    parts: list[Example], data: st.DataObject
) -> None:
    table = parts[0]
    chosen = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=8))
    rows = np.array(chosen, dtype=np.intp)
    taken = table.take(rows)
    assert len(taken) == len(chosen)
    assert_same(taken.numbers, table.numbers[rows])
    assert_same(taken.rows, table.rows[rows])
    assert_same(taken.flags, table.flags[rows])
    assert_same(taken.cells, table.cells[rows])
    assert list_rows(taken.moments) == [list_rows(table.moments)[row] for row in chosen]
    assert taken.words == tuple(table.words[row] for row in chosen)
    assert_same(taken.inner.numbers, table.inner.numbers[rows])
    assert taken.inner.words == tuple(table.inner.words[row] for row in chosen)
    assert list(taken.by_name) == list(table.by_name)
    assert_same(taken.by_name["cells"], table.by_name["cells"][rows])
    assert_same(taken.by_name["numbers"], table.by_name["numbers"][rows])
    assert_same(taken.by_name["inner"], table.by_name["inner"].take(rows))
    assert taken.shared is SHARED


@MANY
@given(tables(min_rows=1), st.data())
def test_packed_rows_of_any_tables_are_a_table_in_any_order(
    parts: list[Example], data: st.DataObject
) -> None:
    packed = [row for part in parts for row in pack(part)]
    places = [(part, row) for part in parts for row in range(len(part))]
    assert len(packed) == len(places)
    order = data.draw(st.lists(st.integers(0, len(packed) - 1), min_size=1, max_size=12))
    table = unpack([packed[place] for place in order])
    assert len(table) == len(order)
    for at, place in enumerate(order):
        part, row = places[place]
        assert_same(table.take(np.array([at])), part.take(np.array([row])))
    assert table.shared is SHARED


@pytest.mark.parametrize("make", [random_table, random_inner])
def test_a_table_of_no_rows_is_no_exception(
    make: Callable[[np.random.Generator, int], Columnar],
) -> None:
    rng = np.random.default_rng(0)
    some, none = make(rng, 4), make(rng, 0)
    assert_same(some.take(np.arange(0)), none)
    assert pack(none) == []
    assert_same(unpack(pack(some)), some)
