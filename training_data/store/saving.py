"""What the store holds, back into a dataset directory: so that the next bundle learns from it."""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa

from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset, MergeCounts
from training_data.store.database import Store
from training_data.store.erasure import without_erased
from training_data.store.tables import events, participants

CHUNK = 50_000


def save(store: Store, dataset: Dataset) -> dict[str, MergeCounts]:
    """Merge participants and events into a dataset; the store's rows win, the erased are taken out.

    Returns
    -------
    dict of str to MergeCounts
        By the name of the dataset's table.
    """
    remaining = without_erased(dataset, store)
    counts = {}
    for name, table, contract in (
        ("participants", participants, Participants),
        ("interactions", events, Interactions),
    ):
        dataset.write(name, remaining.read(name))
        counts[name] = dataset.merge(name, _rows(store, table, contract.create_empty()))
    return counts


def _rows(store: Store, table: sa.Table, empty: pl.DataFrame) -> pl.DataFrame:
    """Return a table's rows under the contract of ``empty``."""
    asked = sa.select(*(table.c[name] for name in empty.columns))
    with store.reading() as connection:
        found = connection.execution_options(yield_per=CHUNK).execute(asked)
        chunks = [
            pl.DataFrame(list(map(tuple, part)), schema=empty.schema, orient="row")
            for part in found.partitions()
        ]
    return pl.concat([empty, *chunks])
