"""Ids in one table that should stand in another: which do not, and what then happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from training_data.columns import TABLES, Classes, Courses, Interactions, Participants
from training_data.dataset import Dataset, DatasetError
from training_data.regions import RegionTable

C, P, E, K = Courses, Participants, Interactions, Classes
REGION: Final = "region_code"
_THINGS: Final = {
    "courses": "trainings",
    "participants": "participants",
    "interactions": "events",
    "classes": "classes",
    "vacancies": "vacancies",
}
_REFERENCES: Final = (
    ("courses", C.prerequisites.name, "courses", "need a training", "they stay closed"),
    ("classes", K.course_id.name, "courses", "are of a training", "they are left out"),
    ("interactions", E.course_id.name, "courses", "name a training", "they are left out"),
    ("interactions", E.participant_id.name, "participants", "name a person", "they are left out"),
)


@dataclass(frozen=True)
class Unknown:
    """Rows of a table that name what is not there.

    Attributes
    ----------
    rows, of : int
        How many of how many.
    example : str
        One of the names, and a row that has it.
    said : str
        The finding in one sentence.
    """

    table: str
    column: str
    rows: int
    of: int
    example: str
    said: str


def find_unknown(dataset: Dataset, tables: Sequence[str] = tuple(TABLES)) -> list[Unknown]:
    """Return what the rows of some tables name and no other table or region pack has.

    Where a table is not there, nothing is said of what names its rows.
    """
    found = []
    for table, column, target, verb, fate in _REFERENCES:
        if dataset.has(table) and dataset.has(target) and {table, target} & set(tables):
            known = _column(dataset, target, TABLES[target].primary_key()[0])
            what = f"{verb} that {target}.parquet lacks"
            found.append(_compare(dataset, table, column, known, (what, fate)))
    regions = RegionTable.load(dataset.own_or_named(dataset.info.region_pack))
    for table in tables:
        if REGION in TABLES[table].columns() and dataset.has(table):
            what = f"have a {REGION} that the region pack {dataset.info.region_pack} lacks"
            codes = pl.Series(regions.codes)
            found.append(_compare(dataset, table, REGION, codes, (what, "their place is unknown")))
    return [one for one in found if one.rows]


def require_trainings(dataset: Dataset) -> None:
    """Refuse a dataset without a single training.

    Raises
    ------
    DatasetError
    """
    if not dataset.scan("courses").select(pl.len()).collect().item():
        raise DatasetError(
            f"{dataset.path('courses')}: no training is there; `padan import courses` brings them in"
        )


def require_usable_events(dataset: Dataset) -> None:
    """Refuse events of which none is of a known person and a known training.

    Raises
    ------
    DatasetError
    """
    events = dataset.scan("interactions").select(E.course_id.name, E.participant_id.name).collect()
    usable = events.filter(
        E.course_id.col.is_in(_column(dataset, "courses", C.course_id.name).implode()),
        E.participant_id.col.is_in(
            _column(dataset, "participants", P.participant_id.name).implode()
        ),
    )
    if len(events) and not len(usable):
        first = events.row(0, named=True)
        raise DatasetError(
            f"none of {len(events):,} events is of a training in courses.parquet and a person in "
            f"participants.parquet, such as {first[E.course_id.name]!r} of "
            f"{first[E.participant_id.name]!r}: were the ids changed on the way?"
        )


def _compare(
    dataset: Dataset, table: str, column: str, known: pl.Series, words: tuple[str, str]
) -> Unknown:
    key = TABLES[table].primary_key()[0]
    rows = dataset.scan(table).select(pl.col(key).alias("row"), pl.col(column).alias("named"))
    every = rows.collect()
    pairs = every.explode("named") if every["named"].dtype == pl.List else every
    lost = pairs.drop_nulls("named").filter(~pl.col("named").is_in(known.implode()))
    count = lost["row"].n_unique()
    example = f"{lost['named'][0]!r} ({lost['row'][0]})" if count else ""
    what, fate = words
    said = f"{count:,} of {len(every):,} {_THINGS[table]} {what}, such as {example}: {fate}"
    return Unknown(table, column, count, len(every), example, said)


def _column(dataset: Dataset, table: str, column: str) -> pl.Series:
    if not dataset.has(table):
        return pl.Series(dtype=pl.String)
    return dataset.scan(table).select(column).collect()[column]
