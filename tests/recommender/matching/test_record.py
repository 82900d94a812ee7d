"""The lottery and the record: recomputed from what was published, and refused where anything was changed."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import stat
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.matching.worlds import make_large_world
from recommender.matching.allocation import Aim, allocate
from recommender.matching.case import Case
from recommender.matching.lottery import draw, hash_entrants, order_by_lot
from recommender.matching.outcome import describe
from recommender.matching.problem import Bound
from recommender.matching.record import (
    COMMITMENT,
    REVEALED,
    UNREVEALED,
    RecordError,
    commit,
    open_seed,
    read_case,
    reveal,
    verify,
    write_case,
    write_outcome,
)

NAMES = [f"p{number}" for number in range(60)]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small allocation whose seed is revealed."""
    folder = tmp_path_factory.mktemp("allocation")
    commit(folder, NAMES)
    seed = open_seed(folder, NAMES[::-1])
    ids = tuple(NAMES[row] for row in order_by_lot(seed, NAMES))
    problem = make_large_world(len(ids), 6, 4, seed=1)
    nobody = np.full(len(ids), -1, dtype=np.int32)
    members = np.arange(len(ids)) % 3 == 0
    bounds = (Bound("bounds.0", members, floor=12), Bound("bounds.1", None, np.arange(6) < 2, 0, 9))
    case = Case(
        ids,
        tuple(f"class {number}" for number in range(6)),
        type(problem)(
            problem.starts, problem.classes, problem.values, problem.seats, problem.bonus, bounds
        ),
        problem.values,
        np.arange(len(ids)) % 2,
        nobody[:, None],
        nobody,
        np.column_stack([np.arange(6)] * 3),
    )
    found = allocate(case.problem, Aim(), tiers=case.tiers, fixed=nobody)
    write_case(folder, case, Aim())
    write_outcome(folder, describe(case, found))
    reveal(folder)
    return folder


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "copy"))


def test_what_was_published_is_found_again(published: Path) -> None:
    findings = verify(published)
    assert len(findings) == 4
    assert all(finding.holds for finding in findings)


def test_the_numbers_are_those_of_any_other_program(published: Path) -> None:
    seed = (published / REVEALED).read_text().strip()
    promised = json.loads((published / COMMITMENT).read_text())
    assert promised["seed_sha256"] == hashlib.sha256(seed.encode()).hexdigest()
    numbers = {name: hmac.new(seed.encode(), name.encode(), "sha256").hexdigest() for name in NAMES}
    assert all(draw(seed, name) == number for name, number in numbers.items())
    case, _ = read_case(published)
    assert list(case.participant_ids) == sorted(NAMES, key=numbers.__getitem__)


@pytest.mark.parametrize("place", range(0, 64, 7))
def test_a_seed_changed_by_a_bit_is_refused(copied: Path, place: int) -> None:
    seed = bytearray((copied / REVEALED).read_bytes())
    seed[place] ^= 1
    (copied / REVEALED).write_bytes(seed)
    findings = verify(copied)
    assert not findings[0].holds
    assert not findings[2].holds


@pytest.mark.parametrize("row", range(0, 60, 7))
def test_a_changed_entrant_is_refused(copied: Path, row: int) -> None:
    people = pl.read_parquet(copied / "people.parquet")
    ids = people["participant_id"].to_list()
    ids[row] = ids[row][:-1] + chr(ord(ids[row][-1]) ^ 1)
    changed = people.with_columns(pl.Series("participant_id", ids))
    changed.write_parquet(copied / "people.parquet")
    assert not verify(copied)[1].holds
    people[:row].vstack(people[row + 1 :]).write_parquet(copied / "people.parquet")
    assert not verify(copied)[1].holds


def test_every_changed_seat_is_refused(copied: Path) -> None:
    path = copied / "assignments.parquet"
    stated = pl.read_parquet(path)
    for row in range(stated.height):
        for column, other in (("class_id", "class 9"), ("participant_id", "p999"), ("lot", 999)):
            rows = stated.to_dicts()
            rows[row][column] = other
            pl.DataFrame(rows, schema=stated.schema).write_parquet(path)
            assert not verify(copied)[3].holds
    stated[1:].write_parquet(path)
    assert not verify(copied)[3].holds


def test_two_people_who_changed_places_in_the_lottery_are_refused(copied: Path) -> None:
    path = copied / "people.parquet"
    people = pl.read_parquet(path)
    people[[1, 0, *range(2, people.height)]].write_parquet(path)
    assert not verify(copied)[2].holds


def test_the_seed_is_kept_from_others_until_it_is_revealed(tmp_path: Path) -> None:
    commit(tmp_path, NAMES)
    assert stat.S_IMODE((tmp_path / UNREVEALED).stat().st_mode) == 0o600
    seed = (tmp_path / UNREVEALED).read_text().strip()
    assert seed not in (tmp_path / COMMITMENT).read_text()
    with pytest.raises(RecordError, match="not revealed"):
        verify(tmp_path)
    with pytest.raises(RecordError, match="promised before"):
        commit(tmp_path, NAMES)
    with pytest.raises(RecordError, match="other people"):
        open_seed(tmp_path, NAMES[1:])


def test_entrants_cannot_be_split_otherwise() -> None:
    assert hash_entrants(["ab", "c"]) != hash_entrants(["a", "bc"])
    assert hash_entrants(["b", "a"]) == hash_entrants(["a", "b"])


@pytest.mark.parametrize("change", [{"class": 99}, {"person": -1}, {"class": None}])
def test_pairs_of_nobody_are_refused(copied: Path, change: dict[str, int | None]) -> None:
    path = copied / "pairs.parquet"
    pairs = pl.read_parquet(path)
    rows = pairs.to_dicts()
    rows[3] |= change
    pl.DataFrame(rows, schema=pairs.schema).write_parquet(path)
    with pytest.raises(RecordError, match="out of order"):
        verify(copied)
    path.write_bytes(b"PAR1")
    with pytest.raises(RecordError, match="cannot be read"):
        verify(copied)
