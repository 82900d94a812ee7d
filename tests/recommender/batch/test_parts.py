"""The folder of results: a file counts only where its line vouches for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.batch.parts import (
    MANIFEST,
    BatchError,
    Line,
    Part,
    PartsFolder,
    Stamp,
    find_part,
    open_parts,
    read_manifest,
)
from recommender.batch.shards import Shard

STAMP = Stamp(bundle="b", rules="r", day="2024-06-01", k=10, language="id")


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    shard = Shard("a", tmp_path / "shards")
    shard.participants.parent.mkdir(parents=True)
    shard.participants.write_bytes(b"people")
    return shard


def make_part(shard: Shard, content: bytes = b"lists") -> Part:
    import hashlib

    line = Line(
        id=shard.id,
        input=shard.digest(),
        rows=1,
        first="p",
        last="p",
        sha256=hashlib.sha256(content).hexdigest(),
        violations=0,
        stamp=STAMP,
    )
    return Part(line, content)


def test_a_part_is_held_as_long_as_nothing_changed(shard: Shard, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with open_parts(out, {"a": shard}) as parts:
        assert not parts.holds(shard, STAMP)
        parts.write(make_part(shard))
    assert PartsFolder(out).holds(shard, STAMP)
    assert not PartsFolder(out).holds(shard, STAMP.model_copy(update={"bundle": "c"}))
    assert not PartsFolder(out).holds(shard, STAMP.model_copy(update={"day": "2024-06-02"}))
    find_part(out, "a").write_bytes(b"other")
    assert not PartsFolder(out).holds(shard, STAMP)
    find_part(out, "a").unlink()
    assert not PartsFolder(out).holds(shard, STAMP)


def test_a_shard_that_changed_is_answered_again(shard: Shard, tmp_path: Path) -> None:
    with open_parts(tmp_path / "out", {"a": shard}) as parts:
        parts.write(make_part(shard))
    shard.participants.write_bytes(b"other people")
    assert not PartsFolder(tmp_path / "out").holds(shard, STAMP)


@pytest.mark.parametrize("torn", range(1, 300, 23))
def test_a_torn_last_line_is_passed_over(shard: Shard, tmp_path: Path, torn: int) -> None:
    out = tmp_path / "out"
    with open_parts(out, {"a": shard}) as parts:
        parts.write(make_part(shard))
    path = out / MANIFEST
    whole = path.read_text()
    path.write_text(whole + whole[:torn])
    with open_parts(out, {"a": shard}) as parts:
        assert parts.holds(shard, STAMP)
    assert path.read_text() == whole


def test_a_malformed_line_before_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("{}\n{}\n")
    with pytest.raises(BatchError, match=r"manifest.jsonl: line 1: "):
        read_manifest(tmp_path)


def test_results_of_other_shards_are_not_mixed_in(shard: Shard, tmp_path: Path) -> None:
    with open_parts(tmp_path / "out", {"a": shard}) as parts:
        parts.write(make_part(shard))
    with (
        pytest.raises(BatchError, match="'a', which is no shard"),
        open_parts(tmp_path / "out", {"b": shard}),
    ):
        pass


def test_two_runs_do_not_write_into_one_folder(shard: Shard, tmp_path: Path) -> None:
    with (
        open_parts(tmp_path / "out", {"a": shard}),
        pytest.raises(BatchError, match="another run"),
        open_parts(tmp_path / "out", {"a": shard}),
    ):
        pass
