"""A dataset's participants and events into the store, once."""

from __future__ import annotations

import datetime as dt

import polars as pl
import sqlalchemy as sa

from store.database import Store
from store.erasure import exclude_erased, lock_erasures
from store.erasure_lists import write_list
from store.revisions import new_revision, renew_revisions
from store.tables import events, loads, participants, shown
from store.upserts import build_upsert
from training_data.columns import OWN_EVENT, Interactions
from training_data.dataset import Dataset

CHUNK = 10_000


def import_dataset(store: Store, dataset: Dataset) -> bool:
    """Load what a dataset holds and the store does not; rows of known ids stay as they are.

    Nobody comes back who was erased or pruned.

    Returns
    -------
    bool
        False where this very dataset was loaded before; nothing is then read again.
    """
    fingerprint = dataset.fingerprint()
    with store.writing() as connection:
        lock_erasures(connection, "SHARE")  # an erasure adds its line to the list that is made here
        write_list(connection, store, dataset.folder)
        known = sa.select(loads).where(loads.c.fingerprint == fingerprint)
        if connection.execute(known).first():
            return False
        remaining = exclude_erased(dataset, store)
        now = dt.datetime.now(dt.UTC)
        people = remaining.read("participants")
        written = people.with_columns(changed_at=pl.lit(now), revision=pl.lit(new_revision()))
        done = remaining.read("interactions").with_columns(received_at=pl.lit(now))
        for table, rows in ((participants, written), (events, done)):
            for chunk in rows.iter_slices(CHUNK):
                connection.execute(build_upsert(connection, table), chunk.to_dicts())
        _drop_shown_twice(connection)
        renew_revisions(connection, done[Interactions.participant_id.name].unique().to_list())
        connection.execute(build_upsert(connection, loads), {"fingerprint": fingerprint, "at": now})
    return True


def _drop_shown_twice(connection: sa.Connection) -> None:
    """Delete impressions that came back from a dataset, where the list that they were made of is here."""
    made_here = events.c.event_id.startswith(OWN_EVENT, autoescape=True)
    lists = sa.select(shown.c.request_id)
    connection.execute(sa.delete(events).where(made_here, events.c.request_id.in_(lists)))
