"""What was published is found again, and refused where a bit, a cell or a key of it was changed."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.matching.outcome import describe
from recommender.matching.promise import REVEALED, UNREVEALED
from recommender.matching.record import (
    COMMITMENT,
    RESULTS,
    RecordError,
    hash_files,
    list_case,
    list_results,
    read_case,
    write_case,
    write_json,
    write_outcome,
)
from recommender.matching.run import solve
from recommender.matching.verification import Finding, verify

MANY = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def list_published(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.name != UNREVEALED)


def is_refused(folder: Path) -> bool:
    """Whether somebody who looks hears of it; whatever else is raised is a fault."""
    try:
        return not all(finding.holds for finding in verify(folder))
    except RecordError as error:
        return str(folder) in str(error)


def hash_again(folder: Path) -> None:
    """Write the hashes of a record anew, as who forges it whole would."""
    names = [name for name in list_case(choices=True) if (folder / name).exists()]
    promised = json.loads((folder / COMMITMENT).read_text())
    write_json(folder / COMMITMENT, promised | {"files": hash_files(folder, names)})
    write_json(folder / RESULTS, {"files": hash_files(folder, list_results())})


def test_what_was_published_is_found_again(published: Path) -> None:
    findings = verify(published)
    assert all(finding.holds for finding in findings), findings
    told = " ".join(finding.what for finding in findings)
    for path in list_published(published):
        if path.name not in (COMMITMENT, REVEALED, RESULTS):
            assert path.name in told
    assert len(findings) >= 20


@MANY
@given(data=st.data())
def test_any_bit_that_was_changed_is_refused(
    published: Path, copied: Path, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(list_published(published)))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    (copied / path.name).write_bytes(content)
    assert is_refused(copied), (path.name, place)
    (copied / path.name).write_bytes(path.read_bytes())


@MANY
@given(data=st.data())
def test_a_file_cut_short_is_refused(published: Path, copied: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list_published(published)))
    content = path.read_bytes()
    (copied / path.name).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert is_refused(copied), path.name
    (copied / path.name).unlink()
    assert is_refused(copied), path.name
    (copied / path.name).write_bytes(content)


def restore(published: Path, copied: Path, name: str) -> None:
    for one in (name, COMMITMENT, RESULTS):
        shutil.copy(published / one, copied / one)


def change_cell(cell: Any, kind: Any) -> Any:
    """Return another value that the column could hold."""
    if isinstance(cell, bool):
        return not cell
    if isinstance(cell, list):
        return [change_cell(cell[0], None), *cell[1:]]
    if isinstance(cell, str):
        return cell[:-1] + chr(ord(cell[-1]) ^ 1)
    if cell is None:
        return "x" if kind == pl.String else 1
    return cell + 1


@MANY
@given(data=st.data(), forged=st.booleans())
def test_any_cell_that_was_changed_is_refused(
    published: Path, copied: Path, data: st.DataObject, forged: bool
) -> None:
    names = [f"{name}.parquet" for name in ("assignments", "unserved", "classes", "waiting")]
    if not forged:  # of a forged case another outcome may follow, or the same
        names += [one for one in list_case(choices=True) if one.endswith(".parquet")]
    name = data.draw(st.sampled_from([one for one in names if (published / one).exists()]))
    table = pl.read_parquet(published / name)
    if table.is_empty():
        return
    column = data.draw(st.sampled_from(table.columns))
    row = data.draw(st.integers(0, table.height - 1))
    cells = table[column].to_list()
    cells[row] = change_cell(cells[row], table.schema[column])
    changed = table.with_columns(pl.Series(column, cells, dtype=table.schema[column]))
    changed.write_parquet(copied / name)
    if forged:
        hash_again(copied)
    assert is_refused(copied), (name, column, row)
    restore(published, copied, name)


@pytest.mark.parametrize("name", ["terms.json", "commitment.json", "results.json", "summary.json"])
def test_any_key_that_was_changed_is_refused(published: Path, copied: Path, name: str) -> None:
    told = json.loads((published / name).read_text())
    values: list[object] = ["absent", "x", None, 5, 0.5, [1], {"a": 1}, True]
    if name == "summary.json":
        values = values[:2]  # it is held to what follows, whatever stands there
    for (key, stated), value in product(told.items(), values):
        changed = {**told, key: value}
        if value == "absent":
            del changed[key]
        if changed == told and type(stated) is type(value):
            continue
        write_json(copied / name, changed)
        assert is_refused(copied), (name, key)
        if name in ("terms.json", "summary.json"):
            hash_again(copied)
            gap_alone = name == "terms.json" and (key, value) == ("gap", 0.5)
            assert gap_alone or is_refused(copied), (name, key)
        restore(published, copied, name)
    write_json(copied / name, told | {"more": 1})
    assert is_refused(copied)


BROKEN: dict[str, Callable[[pl.DataFrame, str], pl.DataFrame]] = {
    "text": lambda table, column: table.with_columns(pl.lit("x").alias(column)),
    "empty": lambda table, column: table.with_columns(
        pl.lit(None, dtype=table.schema[column]).alias(column)
    ),
    "absent": lambda table, column: table.drop(column),
    "renamed": lambda table, column: table.rename({column: "other"}),
    "short": lambda table, _: table[:-1],
    "none": lambda table, _: table[:0],
    "no number": lambda table, column: table.with_columns(
        pl.lit(float("nan"), dtype=pl.Float64)
        .cast(table.schema[column], strict=False)
        .alias(column)
    ),
    "large": lambda table, column: table.with_columns(
        pl.lit(2**31 - 1).cast(table.schema[column], strict=False).alias(column)
    ),
    "below": lambda table, column: table.with_columns(
        pl.lit(-(2**31)).cast(table.schema[column], strict=False).alias(column)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", BROKEN)
def test_a_table_out_of_form_ends_in_a_finding_or_a_message_though_its_hashes_agree(
    published: Path, copied: Path, how: str
) -> None:
    for path in published.glob("*.parquet"):
        table = pl.read_parquet(path)
        for column in table.columns:
            try:
                changed = BROKEN[how](table, column)
            except pl.exceptions.PolarsError:
                continue  # no such thing in a column of this type
            changed.write_parquet(copied / path.name)
            hash_again(copied)
            same = changed.schema == table.schema and changed.equals(table)
            harmless = path.name in list_case(choices=True) and changed.schema == table.schema
            refused = is_refused(copied)
            assert refused or same or harmless, (path.name, column)
        restore(published, copied, path.name)


def test_a_record_forged_whole_is_refused_for_as_long_as_its_commitment_is_kept(
    published: Path, copied: Path
) -> None:
    case, aim = read_case(copied)
    person = int(np.flatnonzero(solve(case, aim).seated < 0)[-1])
    values = np.where(case.problem.people == person, np.float32(1), case.problem.values)
    forged = replace(case, problem=replace(case.problem, values=values.astype(np.float32)))
    write_case(copied, forged, aim)
    write_outcome(copied, describe(forged, solve(forged, aim)))
    assert Finding("pairs.parquet is as it was promised", holds=False) in verify(copied)
    hash_again(copied)
    assert all(finding.holds for finding in verify(copied))
    refused = verify(copied, published / COMMITMENT)
    assert refused[0] == Finding("commitment.json is the one that was kept", holds=False)
    assert all(finding.holds for finding in verify(published, published / COMMITMENT))


def test_another_day_of_the_commitment_is_refused_though_no_one_kept_it(copied: Path) -> None:
    promised = json.loads((copied / COMMITMENT).read_text())
    write_json(copied / COMMITMENT, promised | {"day": "2026-03-03"})
    assert Finding("commitment.json is as it was published", holds=False) in verify(copied)


def test_what_was_stopped_is_not_said_to_follow(published: Path, copied: Path) -> None:
    case, aim = read_case(published)
    stopped = replace(solve(case, aim), finished=False)
    write_outcome(copied, describe(case, stopped))
    findings = verify(copied)
    assert not all(finding.holds for finding in findings)
    assert any("stopped" in finding.what for finding in findings)


def test_a_seed_that_is_not_revealed_is_said_so(copied: Path) -> None:
    (copied / REVEALED).unlink()
    with pytest.raises(RecordError, match="not revealed"):
        verify(copied)
    assert json.loads((copied / COMMITMENT).read_text())["day"] == dt.date(2026, 3, 1).isoformat()
