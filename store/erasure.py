"""Being forgotten: what is erased, the proof of it, and that training leaves the person out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
import sqlalchemy as sa

from store.database import Store, open_store
from store.erasure_lists import ErasureList, read_lists
from store.statements import write_placeholders
from store.tables import allocation_people, erasures, events, participants, prunings, shown
from training_data.columns import Participants
from training_data.contract import SplitRows
from training_data.dataset import Dataset

_ERASED = "SELECT subject FROM erasures WHERE subject IN ({})"
ID = Participants.participant_id.name


@dataclass(frozen=True)
class Proof:
    """That somebody was erased: the salted hash of the id, when, and how many rows of each table."""

    subject: str
    at: dt.datetime
    counts: dict[str, int]


def erase(connection: sa.Connection, participant_id: str, subject: str) -> Proof | None:
    """Delete the profile, events, shown lists and seats of a participant, and write the proof.

    The caller empties the write-ahead log afterwards, see `Store.truncate_log`.

    Parameters
    ----------
    subject : str
        `Store.pseudonym` of the participant.

    Returns
    -------
    Proof or None
        None where nothing is held of anybody of that id, and nobody of that id was pruned.
    """
    lock_erasures(connection, "ROW EXCLUSIVE")
    counts = delete_rows(connection, [participant_id])
    pruned = connection.execute(sa.delete(prunings).where(prunings.c.subject == subject)).rowcount
    if not (pruned or any(counts.values())):
        return None
    proof = Proof(subject, dt.datetime.now(dt.UTC), counts)
    connection.execute(sa.insert(erasures), vars(proof))
    return proof


def delete_rows(connection: sa.Connection, participant_ids: Sequence[str]) -> dict[str, int]:
    """Delete the profiles, events, shown lists and seats of participants; return how many rows of each table."""
    return {
        str(table.name): connection.execute(
            sa.delete(table).where(table.c[ID].in_(participant_ids))
        ).rowcount
        for table in (participants, events, shown, allocation_people)
    }


def find_erased(
    connection: sa.Connection, participant_ids: Collection[str], pseudonym: Callable[[str], str]
) -> set[str]:
    """Return those of the ids that were erased."""
    if not participant_ids:
        return set()
    subjects = {pseudonym(name): name for name in participant_ids}
    asked = _ERASED.format(write_placeholders(connection, len(subjects)))
    return {subjects[row[0]] for row in connection.exec_driver_sql(asked, tuple(subjects))}


def lock_erasures(connection: sa.Connection, mode: Literal["SHARE", "ROW EXCLUSIVE"]) -> None:
    """Keep erasing and writing apart until the transaction ends, so that no write slips past an erasure.

    SQLite has one writer at a time and needs nothing.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE erasures IN {mode} MODE")


@dataclass(frozen=True)
class RemainingDataset(Dataset):
    """A dataset without the participants who were erased or pruned, whatever its files still hold of them."""

    lists: tuple[ErasureList, ...]

    def split(self, table: str) -> SplitRows:
        """Return the rows that can be used and the others, without those of people who are gone."""
        good, bad, problems = super().split(table)
        if ID not in good.columns:
            return SplitRows(good, bad, problems)
        return SplitRows(
            good.filter(~self._gone(good[ID])), bad.filter(~self._gone(bad[ID])), problems
        )

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a lazy table, without the rows of those who are gone."""
        rows = super().scan(table)
        if ID not in rows.collect_schema():
            return rows
        return rows.filter(~pl.col(ID).map_batches(self._gone, return_dtype=pl.Boolean))

    def _gone(self, ids: pl.Series) -> pl.Series:
        names = ids.cast(pl.String, strict=False)
        distinct = names.drop_nulls().unique()
        gone = [name for name in distinct if any(one.holds(name) for one in self.lists)]
        return names.is_in(gone).fill_null(False)


def open_without_erased(folder: Path) -> Dataset:
    """Open a dataset as training and evaluation may read it, by the erasures of the store and its own lists."""
    store = open_store()
    store.prepare()
    return exclude_erased(exclude_listed(Dataset.open(folder)), store)


def exclude_listed(dataset: Dataset) -> Dataset:
    """Return a dataset without those whom any store that it was in erased."""
    return _exclude(dataset, read_lists(dataset.folder))


def exclude_erased(dataset: Dataset, store: Store) -> Dataset:
    """Return a dataset without those whom this store erased or pruned."""
    return _exclude(dataset, [list_gone(store)])


def _exclude(dataset: Dataset, lists: Iterable[ErasureList]) -> Dataset:
    told = [one for one in lists if one.subjects]
    if not told:
        return dataset
    before = dataset.lists if isinstance(dataset, RemainingDataset) else ()
    return RemainingDataset(dataset.folder, dataset.info, (*before, *told))


def list_gone(store: Store) -> ErasureList:
    """Return those who were erased or pruned, and have not come back."""
    with store.reading() as connection:
        asked = sa.union(sa.select(erasures.c.subject), sa.select(prunings.c.subject))
        return ErasureList(store.key, frozenset(connection.execute(asked).scalars()))
