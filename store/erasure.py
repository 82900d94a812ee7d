"""Being forgotten: what is erased, the proof of it, and that training leaves the person out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
import sqlalchemy as sa

from store.database import Store, open_store
from store.statements import write_placeholders
from store.tables import erasures, events, participants, shown
from training_data.columns import Participants
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
    """Delete the profile, the events and the shown lists of a participant, and write the proof.

    Parameters
    ----------
    subject : str
        `Store.pseudonym` of the participant.

    Returns
    -------
    Proof or None
        None where nothing is held of anybody of that id.
    """
    lock_erasures(connection, "ROW EXCLUSIVE")
    counts = {
        str(table.name): connection.execute(
            sa.delete(table).where(table.c[ID] == participant_id)
        ).rowcount
        for table in (participants, events, shown)
    }
    if not any(counts.values()):
        return None
    proof = Proof(subject, dt.datetime.now(dt.UTC), counts)
    connection.execute(sa.insert(erasures), vars(proof))
    return proof


def find_erased(
    connection: sa.Connection, participant_ids: Collection[str], pseudonym: Callable[[str], str]
) -> set[str]:
    """Return those of the ids that were erased."""
    if not participant_ids:
        return set()
    subjects = {pseudonym(name): name for name in participant_ids}
    asked = _ERASED.format(write_placeholders(connection, len(subjects)))
    return {subjects[row[0]] for row in connection.exec_driver_sql(asked, tuple(subjects))}


def find_erased_since(connection: sa.Connection, moment: dt.datetime) -> set[str]:
    """Return the salted hashes of the ids that were erased since a moment."""
    asked = sa.select(erasures.c.subject).where(erasures.c.at >= moment)
    return set(connection.execute(asked).scalars())


def lock_erasures(connection: sa.Connection, mode: Literal["SHARE", "ROW EXCLUSIVE"]) -> None:
    """Keep erasing and writing apart until the transaction ends, so that no write slips past an erasure.

    SQLite has one writer at a time and needs nothing.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE erasures IN {mode} MODE")


@dataclass(frozen=True)
class RemainingDataset(Dataset):
    """A dataset without the participants who were erased, whatever its files still hold of them."""

    subjects: frozenset[str]
    pseudonym: Callable[[str], str]

    def read(self, table: str) -> pl.DataFrame:
        """Read a table whole, without the rows of those who were erased."""
        rows = super().read(table)
        return rows.filter(~self._gone(rows[ID])) if ID in rows.columns else rows

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a lazy table, without the rows of those who were erased."""
        rows = super().scan(table)
        if ID not in rows.collect_schema():
            return rows
        return rows.filter(~pl.col(ID).map_batches(self._gone, return_dtype=pl.Boolean))

    def _gone(self, ids: pl.Series) -> pl.Series:
        distinct = ids.unique()
        gone = [name for name in distinct if self.pseudonym(name) in self.subjects]
        return ids.is_in(gone)


def open_without_erased(folder: Path) -> Dataset:
    """Open a dataset as training and evaluation may read it, by the erasures of the store."""
    store = open_store()
    store.prepare()
    return exclude_erased(Dataset.open(folder), store)


def exclude_erased(dataset: Dataset, store: Store) -> Dataset:
    """Return a dataset as training may read it."""
    with store.reading() as connection:
        subjects = frozenset[Any](connection.execute(sa.select(erasures.c.subject)).scalars())
    if not subjects:
        return dataset
    return RemainingDataset(dataset.folder, dataset.info, subjects, store.pseudonym)
