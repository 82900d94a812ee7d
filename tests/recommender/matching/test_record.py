"""The record of a case: read back as it was written, and refused where it is none."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recommender.matching.allocation import Aim
from recommender.matching.record import (
    RecordError,
    has_case,
    read_case,
    read_object,
    read_parquet,
    write_case,
)
from tests.recommender.matching.cases import add_choices, make_case


@pytest.mark.parametrize("classes", [1, 3])
def test_a_case_is_read_as_it_was_written(tmp_path: Path, classes: int) -> None:
    for case in (make_case("seed", classes), add_choices(make_case("seed", classes))):
        assert not has_case(tmp_path / str(case.choices is None))
        write_case(tmp_path / str(case.choices is None), case, Aim("people", 0.02, "exact"))
        assert has_case(tmp_path / str(case.choices is None))
        read, aim = read_case(tmp_path / str(case.choices is None))
        assert aim == Aim("people", 0.02, "exact")
        for one in fields(case.problem):
            if one.name != "bounds":
                mine, theirs = (getattr(x.problem, one.name) for x in (case, read))
                assert mine.dtype == theirs.dtype
                assert np.array_equal(mine, theirs)
        for mine, theirs in zip(case.problem.bounds, read.problem.bounds, strict=True):
            assert (mine.name, mine.floor, mine.ceiling) == (
                theirs.name,
                theirs.floor,
                theirs.ceiling,
            )
            for some in ("people", "classes"):
                assert np.array_equal(getattr(mine, some), getattr(theirs, some))
        for name in ("fits", "tiers", "fixed", "offered"):
            assert np.array_equal(getattr(case, name), getattr(read, name))
        for mine, theirs in ((case.limits, read.limits), (case.choices, read.choices)):
            assert mine is None or all(
                np.array_equal(getattr(mine, one.name), getattr(theirs, one.name))
                for one in fields(mine)
            )
        assert (read.participant_ids, read.class_ids) == (case.participant_ids, case.class_ids)


@pytest.mark.parametrize(
    "change", [{"class": 99}, {"person": -1}, {"class": None}, {"worth": -1.0}]
)
def test_pairs_of_nobody_are_refused(tmp_path: Path, change: dict[str, int | None]) -> None:
    write_case(tmp_path, make_case("seed"), Aim())
    path = tmp_path / "pairs.parquet"
    pairs = pl.read_parquet(path)
    rows = pairs.to_dicts()
    rows[3] |= change
    pl.DataFrame(rows, schema=pairs.schema).write_parquet(path)
    with pytest.raises(RecordError, match=re.escape(f"{path}: ")):
        read_case(tmp_path)
    path.write_bytes(b"PAR1")
    with pytest.raises(RecordError, match=re.escape(f"{path}: cannot be read")):
        read_case(tmp_path)


def test_a_class_that_somebody_holds_and_is_not_there_is_refused(tmp_path: Path) -> None:
    case = make_case("seed")
    write_case(tmp_path, replace(case, fixed=np.full_like(case.fixed, 99)), Aim())
    with pytest.raises(RecordError, match="a class that is not there"):
        read_case(tmp_path)


def test_what_no_reader_can_take_is_named(tmp_path: Path) -> None:
    path = tmp_path / "terms.json"
    path.write_bytes(b"[" * 100_000)
    with pytest.raises(RecordError, match=r"terms\.json: cannot be read"):
        read_object(path)
    path = tmp_path / "people.parquet"
    pl.DataFrame({"a": ["x"]}).write_parquet(path)
    content = bytearray(path.read_bytes())
    for place in range(4, len(content) - 8):  # of some of these Polars panics
        path.write_bytes(content[:place] + b"\0" + content[place + 1 :])
        with suppress(RecordError):
            read_parquet(path)
