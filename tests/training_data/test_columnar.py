"""Tables in columns: taken and joined, each row keeps its values, whatever holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.comparison import assert_same
from training_data.columnar import Columnar

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


def random_table(rng: np.random.Generator, count: int) -> Example:
    return Example(
        numbers=rng.integers(0, 100, count),
        rows=rng.random((count, 3), dtype=np.float32),
        flags=rng.random(count) < 0.5,
        cells=random_matrix(rng, count),
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
@given(tables())
def test_the_rows_of_a_joined_table_are_those_of_its_parts(parts: list[Example]) -> None:
    joined = Example.join(parts)
    assert len(joined) == sum(map(len, parts))
    start = 0
    for part in parts:
        assert_same(joined.take(np.arange(start, start + len(part))), part)
        start += len(part)


@MANY
@given(tables())
def test_tables_may_be_joined_one_after_the_other(parts: list[Example]) -> None:
    one_by_one = parts[0]
    for part in parts[1:]:
        one_by_one = Example.join([one_by_one, part])
    assert_same(one_by_one, Example.join(parts))


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
def test_to_join_what_was_taken_is_to_take_from_what_was_joined(
    parts: list[Example], data: st.DataObject
) -> None:
    starts = np.cumsum([0, *map(len, parts)])
    chosen = [
        np.array(data.draw(st.lists(st.integers(0, len(part) - 1), max_size=4)), dtype=np.intp)
        for part in parts
    ]
    taken = Example.join([part.take(rows) for part, rows in zip(parts, chosen, strict=True)])
    places = np.concatenate([rows + start for rows, start in zip(chosen, starts, strict=False)])
    assert_same(taken, Example.join(parts).take(places))
    assert taken.shared is SHARED


@pytest.mark.parametrize("make", [random_table, random_inner])
def test_a_table_of_no_rows_is_no_exception(
    make: Callable[[np.random.Generator, int], Columnar],
) -> None:
    rng = np.random.default_rng(0)
    some, none = make(rng, 4), make(rng, 0)
    assert_same(some.take(np.arange(0)), none)
    assert_same(type(some).join([none, some, none]), some)
    assert_same(type(some).join([none, none]), none)
