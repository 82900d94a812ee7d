"""What the store holds, back into a dataset directory: so that the next bundle learns from it."""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa

from store.database import Store
from store.erasure import exclude_erased
from store.impressions import to_events
from store.tables import events, participants, shown
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset, MergeCounts

CHUNK = 50_000


def export_dataset(store: Store, dataset: Dataset) -> dict[str, MergeCounts]:
    """Merge participants and events into a dataset; the store's rows win, the erased are taken out.

    Returns
    -------
    dict of str to MergeCounts
        By the name of the dataset's table.
    """
    remaining = exclude_erased(dataset, store)
    happened = _rows(store, events, Interactions.create_empty())
    new = {
        "participants": _rows(store, participants, Participants.create_empty()),
        "interactions": pl.concat([happened, _impressions(store, happened.clear())]),
    }
    counts = {}
    for name, rows in new.items():
        dataset.write(name, remaining.read(name))
        counts[name] = dataset.merge(name, rows)
    return counts


def _impressions(store: Store, empty: pl.DataFrame) -> pl.DataFrame:
    """Return the impressions of all shown lists."""
    with store.reading() as connection:
        chunked = connection.execution_options(yield_per=CHUNK // 10)  # lists of about ten
        found = chunked.execute(sa.select(shown)).mappings()
        chunks = [
            pl.DataFrame([event for row in part for event in to_events(row)], schema=empty.schema)
            for part in found.partitions()
        ]
    return pl.concat([empty, *chunks])


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
