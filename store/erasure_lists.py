"""Who was erased, beside each dataset that the store knows: so that training leaves them out in any home.

A dataset holds a file a store, named by the store: the key under which ids are hashed, then a hash a line. Every
dataset that a service loaded or `padan store save` wrote has one, and each erasure adds its line to all of them.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from store.database import Store, make_pseudonym
from store.tables import datasets, erasures
from store.upserts import build_upsert
from training_data.dataset import DatasetError

PREFIX: Final = "erased-"
HASH_DIGITS: Final = 64

log = logging.getLogger("padan.store")


@dataclass(frozen=True)
class ErasureList:
    """Ids that somebody may no longer read: the key of their hashes, and the hashes."""

    key: bytes
    subjects: frozenset[str]

    def holds(self, participant_id: str) -> bool:
        """Whether an id is on the list."""
        return make_pseudonym(self.key, participant_id) in self.subjects


def write_list(connection: sa.Connection, store: Store, folder: Path) -> None:
    """Write the store's list beside a dataset's tables, and remember the dataset for the next erasures."""
    subjects = connection.execute(sa.select(erasures.c.subject)).scalars()
    fresh = _path(store, folder).with_suffix(".new")
    fresh.write_text("\n".join([store.key.hex(), *subjects, ""]), encoding="ascii")
    fresh.chmod(0o600)
    os.replace(fresh, _path(store, folder))
    connection.execute(build_upsert(connection, datasets), {"folder": str(folder.resolve())})


def append_to_lists(store: Store, subject: str) -> None:
    """Add somebody who was erased to the lists of all datasets that can be reached from here."""
    with store.reading() as connection:
        folders = connection.execute(sa.select(datasets.c.folder)).scalars().all()
    for folder in folders:
        path = _path(store, Path(folder))
        if not path.exists():
            continue
        try:
            with path.open("a", encoding="ascii") as file:
                file.write(f"{subject}\n")
        except OSError as error:
            log.error("%s: an erasure could not be added: %s", path, error.strerror)


def read_lists(folder: Path) -> list[ErasureList]:
    """Return the lists of all stores that the dataset was in.

    Raises
    ------
    DatasetError
        If one cannot be read: nobody then knows who was erased.
    """
    return [_read(path) for path in sorted(folder.glob(f"{PREFIX}*.txt"))]


def _path(store: Store, folder: Path) -> Path:
    return folder / f"{PREFIX}{store.name}.txt"


def _read(path: Path) -> ErasureList:
    try:
        key, *subjects = path.read_text(encoding="ascii").split()
        hashes = [bytes.fromhex(line) for line in (key, *subjects)]
    except ValueError as error:
        raise _unreadable(path) from error
    if any(2 * len(one) != HASH_DIGITS for one in hashes):
        raise _unreadable(path)
    return ErasureList(hashes[0], frozenset(subjects))


def _unreadable(path: Path) -> DatasetError:
    return DatasetError(
        f"{path}: this list of who was erased is damaged; write it anew with `padan store save`"
    )
