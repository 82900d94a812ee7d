"""What the store holds, back into a dataset directory: so that the next bundle learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from store.database import Store
from store.erasure import exclude_erased, lock_erasures
from store.erasure_lists import write_list
from store.impressions import to_events
from store.tables import events, participants, shown
from training_data.columns import Interactions, Participants
from training_data.dataset import Dataset, MergeCounts, split_by_contract

CHUNK = 50_000


@dataclass(frozen=True)
class Export:
    """What became of a table's rows.

    Attributes
    ----------
    set_aside : list of dict
        Rows that no dataset may hold, each with the reason; they are in the file ``set_aside_file`` too.
    """

    counts: MergeCounts
    set_aside: list[dict[str, Any]]
    set_aside_file: Path


def export_dataset(store: Store, dataset: Dataset) -> dict[str, Export]:
    """Merge participants and events into a dataset; the store's rows win, the erased and pruned are taken out.

    Returns
    -------
    dict of str to Export
        By the name of the dataset's table.
    """
    dataset.validate()  # what is written back loses no row
    remaining = exclude_erased(dataset, store)
    happened = _read(store, "interactions", events, Interactions.create_empty())
    shown_lists = _read_impressions(store, happened.good.clear())
    people = _read(store, "participants", participants, Participants.create_empty())
    impressions = shown_lists.good.join(happened.good, on=Interactions.event_id.name, how="anti")
    new = {
        "participants": people,
        "interactions": _Rows(
            pl.concat([happened.good, impressions]), happened.bad + shown_lists.bad
        ),
    }
    exported = {}
    for name, rows in new.items():
        dataset.write(name, remaining.read(name))
        file = dataset.folder / f"{name}.set_aside.ndjson"
        _write_set_aside(file, rows.bad)
        exported[name] = Export(dataset.merge(name, rows.good), rows.bad, file)
    with store.writing() as connection:
        lock_erasures(connection, "SHARE")  # an erasure adds its line to the list that is made here
        write_list(connection, store, dataset.folder)
    return exported


@dataclass(frozen=True)
class _Rows:
    """Rows under a contract, and those that are not."""

    good: pl.DataFrame
    bad: list[dict[str, Any]]


def _write_set_aside(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows that were set aside; without any there is no file."""
    if not rows:
        file.unlink(missing_ok=True)
        return
    pl.DataFrame([{key: str(value) for key, value in row.items()} for row in rows]).write_ndjson(
        file
    )


def _read_impressions(store: Store, empty: pl.DataFrame) -> _Rows:
    """Return the impressions of all shown lists."""
    with store.reading() as connection:
        chunked = connection.execution_options(yield_per=CHUNK // 10)  # lists of about ten
        found = chunked.execute(sa.select(shown)).mappings()
        chunks = [
            _to_rows("interactions", [event for row in part for event in to_events(row)], empty)
            for part in found.partitions()
        ]
    return _concat(chunks, empty)


def _read(store: Store, name: str, table: sa.Table, empty: pl.DataFrame) -> _Rows:
    """Return a table's rows under the contract of ``empty``."""
    asked = sa.select(*(table.c[name] for name in empty.columns))
    with store.reading() as connection:
        found = connection.execution_options(yield_per=CHUNK).execute(asked).mappings()
        chunks = [_to_rows(name, [dict(row) for row in part], empty) for part in found.partitions()]
    return _concat(chunks, empty)


def _concat(chunks: Sequence[_Rows], empty: pl.DataFrame) -> _Rows:
    return _Rows(
        pl.concat([empty, *(chunk.good for chunk in chunks)]),
        [row for chunk in chunks for row in chunk.bad],
    )


def _to_rows(name: str, rows: Sequence[dict[str, Any]], empty: pl.DataFrame) -> _Rows:
    """Return the rows that can be rows of the dataset's table, and the others with the reason."""
    bad: list[dict[str, Any]] = []
    try:
        fitting = pl.DataFrame(rows, schema=empty.schema)
    except (pl.exceptions.PolarsError, TypeError, OverflowError):
        fitting, bad = _fit_each(rows, empty)
    split = split_by_contract(name, fitting)
    return _Rows(split.good, bad + split.bad.to_dicts())


def _fit_each(
    rows: Sequence[dict[str, Any]], empty: pl.DataFrame
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Return the rows whose values are of the right types, and the others with the reason."""
    fitting = [empty]
    bad: list[dict[str, Any]] = []
    for row in rows:
        try:
            fitting.append(pl.DataFrame([row], schema=empty.schema))
        except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
            bad.append(row | {"reason": str(error).partition("\n")[0]})
    return pl.concat(fitting), bad
