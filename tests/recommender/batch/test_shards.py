"""Shards: nobody and nothing of a dataset is lost or doubled, and what cannot be used is named."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from recommender.batch.shards import list_shards, split_dataset
from tests.recommender.batch.conftest import PEOPLE
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset, DatasetError

P, E = Participants, Interactions


def test_a_split_holds_each_person_once_with_all_events(dataset: Dataset, shards: Path) -> None:
    people, events = dataset.read("participants"), dataset.read("interactions")
    read = [shard.read() for shard in list_shards(shards)]
    found = pl.concat([some for some, _ in read])
    assert found.equals(people.sort(P.participant_id.name))
    known = events.filter(E.participant_id.col.is_in(people[P.participant_id.name].implode()))
    did = pl.concat([some for _, some in read])
    assert did.sort(E.event_id.name).equals(known.sort(E.event_id.name))
    assert [len(some) for some, _ in read] == [PEOPLE] * (len(people) // PEOPLE)
    ranges = [(some[P.participant_id.name][0], some[P.participant_id.name][-1]) for some, _ in read]
    assert all(last < first for (_, last), (first, _) in pairwise(ranges))


def test_a_split_is_made_once_for_a_dataset_as_it_is(dataset: Dataset, tmp_path: Path) -> None:
    copy = Dataset.create(tmp_path / "data", dataset.info)
    copy.write("participants", dataset.read("participants")[:5])
    first = split_dataset(copy, tmp_path / "splits", 2)
    assert split_dataset(copy, tmp_path / "splits", 2) == first
    assert [shard.count_people() for shard in list_shards(first)] == [2, 2, 1]
    copy.write("participants", dataset.read("participants")[:6])
    assert split_dataset(copy, tmp_path / "splits", 2) != first


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no shards here"):
        list_shards(tmp_path)


def test_events_without_their_people_are_refused(shards: Path, tmp_path: Path) -> None:
    one, other = list_shards(shards)[:2]
    for folder in ("participants", "interactions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "participants" / "a.parquet").write_bytes(one.participants.read_bytes())
    (tmp_path / "interactions" / "b.parquet").write_bytes(one.interactions.read_bytes())
    with pytest.raises(DatasetError, match=r"interactions/b.parquet has no participants/b.parquet"):
        list_shards(tmp_path)
    (tmp_path / "interactions" / "b.parquet").unlink()
    (tmp_path / "interactions" / "a.parquet").write_bytes(other.interactions.read_bytes())
    with pytest.raises(DatasetError, match=r"interactions/a.parquet: \d+ events are of people"):
        list_shards(tmp_path)[0].read()


def test_a_row_that_breaks_the_contract_names_the_file(shards: Path, tmp_path: Path) -> None:
    people = pl.read_parquet(list_shards(shards)[0].participants)
    (tmp_path / "participants").mkdir()
    path = tmp_path / "participants" / "a.parquet"
    people.with_columns(pl.lit(1800, pl.Int32).alias(P.birth_year.name)).write_parquet(path)
    with pytest.raises(DatasetError, match=r"participants/a.parquet"):
        list_shards(tmp_path)[0].read()
