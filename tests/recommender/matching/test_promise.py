"""The lottery and its promise: kept secret until it is revealed, and held to what was promised."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.matching.allocation import Aim
from recommender.matching.lottery import draw, hash_entrants, hash_seed, make_seed
from recommender.matching.outcome import describe
from recommender.matching.promise import (
    REVEALED,
    UNREVEALED,
    commit,
    hold_to_promise,
    open_promise,
    reveal,
)
from recommender.matching.record import COMMITMENT, RecordError, read_case, write_outcome
from recommender.matching.run import solve
from tests.recommender.matching.cases import NAMES, make_case

DAY = dt.date(2026, 3, 1)


def test_the_numbers_are_those_of_any_other_program(published: Path) -> None:
    seed = (published / REVEALED).read_text().strip()
    promised = json.loads((published / COMMITMENT).read_text())
    assert promised["seed_sha256"] == hashlib.sha256(seed.encode()).hexdigest()
    for name, digest in promised["files"].items():
        assert hashlib.sha256((published / name).read_bytes()).hexdigest() == digest
    numbers = {name: hmac.new(seed.encode(), name.encode(), "sha256").hexdigest() for name in NAMES}
    assert all(draw(seed, name) == number for name, number in numbers.items())
    case, _ = read_case(published)
    assert list(case.participant_ids) == sorted(NAMES, key=numbers.__getitem__)


def test_the_seed_is_kept_from_others_until_it_is_revealed(tmp_path: Path) -> None:
    seed = make_seed()
    case = make_case(seed)
    assert open_promise(tmp_path, NAMES) is None
    commit(tmp_path, case, Aim(), seed, DAY)
    assert stat.S_IMODE((tmp_path / UNREVEALED).stat().st_mode) == 0o600
    assert (tmp_path / UNREVEALED).read_text() == seed + "\n"
    assert seed not in (tmp_path / COMMITMENT).read_text()
    promised = open_promise(tmp_path, NAMES[::-1])
    assert promised is not None
    assert (promised.seed, promised.day) == (seed, DAY)
    with pytest.raises(RecordError, match="promised before"):
        commit(tmp_path, case, Aim(), seed, DAY)
    with pytest.raises(RecordError, match="other people"):
        open_promise(tmp_path, NAMES[1:])
    with pytest.raises(RecordError, match="no seats are given yet"):
        reveal(tmp_path)


def test_once_it_is_revealed_nothing_is_drawn_by_it_again(tmp_path: Path) -> None:
    seed = make_seed()
    case = make_case(seed)
    with pytest.raises(RecordError, match="no seed was promised"):
        reveal(tmp_path)
    commit(tmp_path, case, Aim(), seed, DAY)
    write_outcome(tmp_path, describe(case, solve(case, Aim())))
    assert hash_seed(reveal(tmp_path)) == hash_seed(seed)
    with pytest.raises(RecordError, match="revealed before"):
        reveal(tmp_path)
    with pytest.raises(RecordError, match="no lottery"):
        open_promise(tmp_path, NAMES)
    (tmp_path / COMMITMENT).unlink()
    with pytest.raises(RecordError, match="new folder"):
        commit(tmp_path, case, Aim(), seed, DAY)


def test_another_seed_in_the_place_of_the_promised_one_is_refused(tmp_path: Path) -> None:
    seed = make_seed()
    commit(tmp_path, make_case(seed), Aim(), seed, DAY)
    for text in (make_seed() + "\n", seed, "\xff\n"):
        (tmp_path / UNREVEALED).write_text(text, encoding="latin-1")
        with pytest.raises(RecordError, match=re.escape(UNREVEALED)):
            open_promise(tmp_path, NAMES)


def test_another_case_than_was_promised_is_refused_by_the_file_that_differs(tmp_path: Path) -> None:
    seed = make_seed()
    case = make_case(seed)
    commit(tmp_path, case, Aim(), seed, DAY)
    hold_to_promise(tmp_path, case, Aim())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    dearer = replace(case, fits=np.minimum(case.fits + np.float32(0.001), 1).astype(np.float32))
    for name, other, aim in (
        ("terms.json", case, Aim("people")),
        ("pairs.parquet", dearer, Aim()),
        ("people.parquet", replace(case, tiers=1 - case.tiers), Aim()),
        ("seats.parquet", replace(case, class_ids=case.class_ids[::-1]), Aim()),
    ):
        with pytest.raises(RecordError, match=f"{name}: this run has another one"):
            hold_to_promise(tmp_path, other, aim)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_entrants_cannot_be_split_otherwise() -> None:
    assert hash_entrants(["ab", "c"]) != hash_entrants(["a", "bc"])
    assert hash_entrants(["b", "a"]) == hash_entrants(["a", "b"])
