"""The shards of a population: files of some participants each, with what these did.

A folder of shards holds ``participants/ID.parquet`` and, where anybody of them did anything,
``interactions/ID.parquet``. A shard is read whole, so it is a few thousand people.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from polars.io.partition import FileProviderArgs

from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset, DatasetError, read_table

PEOPLE: Final = 20_000  # of a shard, where a dataset is split here
PARTICIPANTS, INTERACTIONS = "participants", "interactions"
P, E = Participants, Interactions


@dataclass(frozen=True)
class Shard:
    """Some participants and what they did: the unit of work.

    Attributes
    ----------
    id : str
        Name of its files.
    folder : Path
        The folder of all shards.
    """

    id: str
    folder: Path

    @property
    def participants(self) -> Path:
        """The file of the participants."""
        return self.folder / PARTICIPANTS / f"{self.id}.parquet"

    @property
    def interactions(self) -> Path:
        """The file of their events, which need not exist."""
        return self.folder / INTERACTIONS / f"{self.id}.parquet"

    def digest(self) -> str:
        """Return the SHA-256 over the bytes of both files, in hexadecimal."""
        whole = hashlib.sha256()
        for path in (self.participants, self.interactions):
            if path.is_file():
                with path.open("rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()

    def count_people(self) -> int:
        """Return how many participants there are, without reading them."""
        people = pl.scan_parquet(self.participants).select(pl.len()).collect().item()
        return int(people)

    def read(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Read participants, in the order of their ids, and events, both held to the contracts.

        Raises
        ------
        DatasetError
            If a file is no Parquet, a row breaks the contract, or an event is of nobody of the shard.
        """
        people = read_table(PARTICIPANTS, self.participants).sort(P.participant_id.name)
        if not self.interactions.is_file():
            return people, Interactions.create_empty()
        events = read_table(INTERACTIONS, self.interactions)
        ids = people[P.participant_id.name]
        strangers = events.filter(~E.participant_id.col.is_in(ids.implode()))
        if len(strangers):
            raise DatasetError(
                f"{self.interactions}: {len(strangers)} events are of people who are not in "
                f"{self.participants}, the first of '{strangers[E.participant_id.name][0]}'; "
                "put the events of a participant into the shard of that name"
            )
        return people, events


def list_shards(folder: Path) -> list[Shard]:
    """Return the shards of a folder, in the order of their ids.

    Raises
    ------
    DatasetError
        If there are none, or events without participants.
    """
    ids = {path.stem for path in (folder / PARTICIPANTS).glob("*.parquet")}
    alone = {path.stem for path in (folder / INTERACTIONS).glob("*.parquet")} - ids
    if not ids:
        raise DatasetError(
            f"{folder}: no shards here (no {PARTICIPANTS}/*.parquet), and no dataset to split"
        )
    if alone:
        raise DatasetError(
            f"{folder}: {INTERACTIONS}/{min(alone)}.parquet has no {PARTICIPANTS}/{min(alone)}.parquet"
        )
    return [Shard(id_, folder) for id_ in sorted(ids)]


def split_dataset(dataset: Dataset, folder: Path, people: int = PEOPLE) -> Path:
    """Split a dataset's participants and events into shards of neighbouring ids, and return their folder.

    It is named by what the dataset holds, so that a split that is there is taken, and no other.

    Parameters
    ----------
    folder : Path
        Where splits are.
    people : int
        Participants of a shard.
    """
    split = folder / f"{dataset.fingerprint()[:16]}-{people}"
    if split.is_dir():
        return split
    ids = dataset.scan(PARTICIPANTS).select(P.participant_id.col).collect().to_series().sort()
    if not len(ids):
        raise DatasetError(f"{dataset.folder}: no participants to recommend to")
    firsts = ids.gather(np.arange(people, len(ids), people))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".splitting-") as draft:
        for table, person in ((PARTICIPANTS, P.participant_id), (INTERACTIONS, E.participant_id)):
            known = dataset.scan(table)
            if table == INTERACTIONS:
                known = known.filter(person.col.is_in(ids.implode()))
            key = person.col.map_batches(
                lambda some: firsts.search_sorted(some, side="right"),
                return_dtype=pl.UInt32,
                is_elementwise=True,
            )
            scheme = pl.PartitionBy(
                Path(draft) / table,
                key=key.alias("shard"),
                include_key=False,
                file_path_provider=_name_file,
            )
            known.sink_parquet(scheme, mkdir=True)
        shutil.rmtree(split, ignore_errors=True)
        Path(draft).rename(split)
        Path(draft).mkdir()  # for the end of the context to remove
    return split


def _name_file(context: FileProviderArgs) -> str:
    return f"{context.partition_keys.item():06}.parquet"
