"""The index of everybody: an audience is found among all people, and nobody in it who is gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from models.bundles.promotion import current
from models.index.sharded import ShardedIndex
from recommender.batch.everybody import index_everybody, prune_everybody
from recommender.batch.run import plan_work
from recommender.batch.shards import list_shards
from recommender.batch.work import Profiles, Work, Worker
from recommender.bundle.bundle import load_bundle
from recommender.bundle.pruning import prune_bundles
from recommender.retrieval.neighbours import find_everybody
from store.database import make_pseudonym
from store.erasure_lists import ErasureList
from training_data.columns import Participants
from training_data.dataset import Dataset, DatasetError

P = Participants
TIMES = 10  # each person of the simulated ones under so many names: enough to learn an index from
KEY = b"key"


def embed_in_turn(work: Work, ids: Sequence[str]) -> Iterator[Profiles]:
    """Read shards in this process."""
    worker = Worker(work)
    return (worker.embed(id_) for id_ in ids)


def gone(*names: str) -> ErasureList:
    return ErasureList(KEY, frozenset(make_pseudonym(KEY, name) for name in names))


@pytest.fixture(scope="module")
def many(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return shards of people whom no bundle was trained on; every seventh objects to profiling."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "participants").mkdir()
    people = dataset.read("participants")
    for number in range(TIMES):
        renamed = people.with_columns(
            pl.format("late-{}-{}", pl.lit(number), P.participant_id.col).alias("participant_id"),
            (pl.int_range(pl.len()) % 7 == 0).alias("profiling_opt_out"),
        )
        renamed.write_parquet(folder / "participants" / f"{number:06}.parquet")
    return folder


@pytest.fixture(scope="module")
def indexed_once(tiny_home: Path, many: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sealed = current(tiny_home / "bundles")
    bundle = tmp_path_factory.mktemp("indexed") / "bundles" / sealed.name
    shutil.copytree(sealed, bundle)
    read: list[int] = []
    count = index_everybody(plan_work(bundle, many), embed_in_turn, read.append, read.append)
    assert count > 500
    assert read[0] == sum(read[1:]) == 120 * TIMES
    return bundle


@pytest.fixture
def indexed(indexed_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(indexed_once.parent, tmp_path / "bundles")
    return tmp_path / "bundles" / indexed_once.name


def test_an_audience_is_found_among_people_whom_the_bundle_never_saw(
    indexed: Path, many: Path
) -> None:
    bundle = load_bundle(indexed)
    course = bundle.engine.catalogue.ids[0]
    found = bundle.neighbours.find_audience(course, 50)
    assert len({*found}) == 50
    people = pl.concat([shard.read()[0] for shard in list_shards(many)])
    named = people.filter(P.participant_id.col.is_in(found))
    assert len(named) == 50
    assert not named[P.profiling_opt_out.name].any()
    known = {name.removeprefix(f"late-{number}-") for number in range(TIMES) for name in found}
    shutil.rmtree(find_everybody(indexed))
    of_bundle = bundle.neighbours.find_audience(course, 50)  # the trained ones alone
    assert not {*of_bundle} & {*found}
    assert {*of_bundle} & known  # and much the same people


def test_who_is_gone_is_taken_out_and_the_index_follows_its_bundle(indexed: Path) -> None:
    bundles, place = indexed.parent, find_everybody(indexed)
    course = load_bundle(indexed).engine.catalogue.ids[0]
    first = load_bundle(indexed).neighbours.find_audience(course, 3)
    trained = load_bundle(indexed).neighbours.participants.ids[0]
    assert prune_everybody(bundles, gone(first[0])) == 1
    assert first[0] not in load_bundle(indexed).neighbours.find_audience(course, 50)
    assert not [path for path in place.iterdir() if first[0].encode() in path.read_bytes()]
    (pruned,) = prune_bundles(bundles, gone(trained))
    assert pruned.rewritten is not None
    again = load_bundle(bundles / pruned.rewritten).neighbours
    assert first[1] in again.find_audience(course, 50)
    assert not place.exists()
    shutil.rmtree(bundles / pruned.rewritten)
    prune_everybody(bundles, gone())
    assert not find_everybody(bundles / pruned.rewritten).exists()


def test_too_few_people_are_refused_and_leave_the_old_index(indexed: Path, shards: Path) -> None:
    with pytest.raises(DatasetError, match="too few to index"):
        index_everybody(plan_work(indexed, shards), embed_in_turn)
    assert [path.name for path in find_everybody(indexed).parent.iterdir()] == [indexed.name]


def test_the_command_puts_a_new_index_in_the_place_of_the_old(indexed: Path, many: Path) -> None:
    before = sorted(ShardedIndex(find_everybody(indexed)).names())
    done = CliRunner().invoke(app, ["index", "--participants", str(many), "--bundle", str(indexed)])
    assert done.exit_code == 0, done.output
    assert f"{len(before):,} people indexed" in done.output
    assert sorted(ShardedIndex(find_everybody(indexed)).names()) == before
    assert [path.name for path in find_everybody(indexed).parent.iterdir()] == [indexed.name]
