"""A dataset's participants and events into the store, once."""

from __future__ import annotations

import datetime as dt

import polars as pl
import sqlalchemy as sa

from training_data.dataset import Dataset
from training_data.store.database import Store
from training_data.store.erasure import hold_erasures, without_erased
from training_data.store.tables import events, loads, participants
from training_data.store.upserts import insert_or

CHUNK = 10_000


def load(store: Store, dataset: Dataset) -> bool:
    """Load what a dataset holds and the store does not; rows of known ids stay as they are.

    Returns
    -------
    bool
        False where this very dataset was loaded before; nothing is then read again.
    """
    fingerprint = dataset.fingerprint()
    with store.writing() as connection:
        known = sa.select(loads).where(loads.c.fingerprint == fingerprint)
        if connection.execute(known).first():
            return False
        hold_erasures(connection, "SHARE")
        remaining = without_erased(dataset, store)
        now = dt.datetime.now(dt.UTC)
        for table, name, moment in (
            (participants, "participants", "changed_at"),
            (events, "interactions", "received_at"),
        ):
            rows = remaining.read(name).with_columns(pl.lit(now).alias(moment))
            for chunk in rows.iter_slices(CHUNK):
                connection.execute(insert_or(connection, table), chunk.to_dicts())
        connection.execute(insert_or(connection, loads), {"fingerprint": fingerprint, "at": now})
    return True
