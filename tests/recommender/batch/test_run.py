"""A run: the lists are those of the engine, and however often it is killed, the bytes are the same."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import polars as pl
import pytest

from recommender.batch.local import answer_here
from recommender.batch.parts import Part, read_manifest
from recommender.batch.run import run
from recommender.batch.shards import Shard, list_shards
from recommender.batch.work import Work, Worker
from recommender.settings import SlateSettings
from tests.recommender.batch.conftest import command_of, kill_at_random, read_files


def answer_in_turn(work: Work, ids: Sequence[str]) -> Iterator[Part]:
    """Answer shards in this process."""
    worker = Worker(work)
    return (worker.answer(id_) for id_ in ids)


@pytest.fixture(scope="module")
def undisturbed(work: Work, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    done = run(work, out, answer_in_turn)
    assert (done.shards, done.people, done.kept) == (12, 120, 0)
    return out


def test_the_rows_are_the_lists_of_the_engine_with_reasons(work: Work, undisturbed: Path) -> None:
    engine, day = Worker(work).bundle.engine, dt.date.fromisoformat(work.stamp.day)
    listed = 0
    for shard in list_shards(work.folder):
        rows = pl.read_parquet(undisturbed / f"part-{shard.id}.parquet")
        people, events = shard.read()
        (found,) = engine.recommend_blocks(people, events, day, SlateSettings(k=work.stamp.k))
        assert rows["participant_id"].to_list() == list(found.participants.ids)
        context = engine.explanation_context(found, work.stamp.language)
        reasons = iter(engine.explain(found, context))
        for row, ids in zip(rows.iter_rows(named=True), found.slates.ids, strict=True):
            courses = [engine.catalogue.ids[course] for course in ids if course >= 0]
            assert [item["course_id"] for item in row["items"]] == courses
            for item in row["items"]:
                told = [(one["code"], orjson.loads(one["evidence"])) for one in item["reasons"]]
                assert told == [
                    (one.code, orjson.loads(orjson.dumps(one.evidence))) for one in next(reasons)
                ]
                listed += 1
            assert bool(row["items"]) or row["advice"] or not courses
    assert listed > 100


def test_the_manifest_vouches_for_every_shard(work: Work, undisturbed: Path) -> None:
    lines = read_manifest(undisturbed)
    assert list(lines) == [shard.id for shard in list_shards(work.folder)]
    for id_, line in lines.items():
        rows = pl.read_parquet(undisturbed / f"part-{id_}.parquet")
        assert line.rows == len(rows)
        assert (line.first, line.last) == (rows["participant_id"][0], rows["participant_id"][-1])
        assert line.violations == 0
        assert line.stamp.bundle == Worker(work).bundle.manifest.version
        assert line.stamp.rules == Worker(work).bundle.engine.programme.label


def test_processes_write_the_same_bytes(work: Work, undisturbed: Path, tmp_path: Path) -> None:
    run(work, tmp_path / "out", lambda todo, ids: answer_here(todo, ids, processes=2))
    assert read_files(tmp_path / "out") == read_files(undisturbed)


def test_a_rerun_answers_only_what_does_not_verify(
    work: Work, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    (out / "part-000003.parquet").write_bytes(b"torn")
    (out / "part-000005.parquet.tmp").write_bytes(b"half")
    asked: list[str] = []

    def answer(todo: Work, ids: Sequence[str]) -> Iterator[Part]:
        asked.extend(ids)
        return answer_in_turn(todo, ids)

    done = run(work, out, answer)
    assert asked == ["000003"]
    assert (done.shards, done.kept) == (1, 11)
    assert read_files(out) == read_files(undisturbed)


def test_a_worker_answers_alike_whatever_it_answered_before(work: Work) -> None:
    ids = [shard.id for shard in list_shards(work.folder)]
    one, other = Worker(work), Worker(work)
    forwards = {id_: one.answer(id_) for id_ in ids}
    assert {id_: other.answer(id_) for id_ in reversed(ids)} == forwards


def test_an_empty_shard_is_answered_with_no_rows(work: Work, tmp_path: Path) -> None:
    empty = Shard("empty", tmp_path)
    empty.participants.parent.mkdir()
    people, _ = list_shards(work.folder)[0].read()
    people.clear().write_parquet(empty.participants)
    part = Worker(Work(work.bundle, tmp_path, work.stamp)).answer("empty")
    assert (part.line.rows, part.line.first, part.line.violations) == (0, "", 0)
    assert pl.read_parquet(part.content).is_empty()


@pytest.mark.parametrize("kills", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_to_the_same_bytes(
    work: Work, undisturbed: Path, tmp_path: Path, kills: int
) -> None:
    out = tmp_path / "out"
    command = command_of(work, out)
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - start
    assert read_files(out) == read_files(undisturbed)
    shutil.rmtree(out)
    assert kill_at_random(command, out, read_files(undisturbed), kills, took) >= 1
