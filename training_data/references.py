"""Ids in one table that should stand in another: which do not, and what then happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from training_data.columns import TABLES, Classes, Courses, Interactions, Participants
from training_data.contract import count_reasons
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


def find_unknown(
    dataset: Dataset, regions: RegionTable, tables: Sequence[str] = tuple(TABLES)
) -> list[Unknown]:
    """Return what the rows of some tables name and no other table or region pack has.

    Where a table is not there, nothing is said of what names its rows.
    """
    held = {table: dataset.read(table) for table in dataset.tables()}
    found = []
    for table, column, target, verb, fate in _REFERENCES:
        if table in held and target in held and {table, target} & set(tables):
            known = held[target][TABLES[target].primary_key()[0]]
            what = f"{verb} that {target}.parquet lacks"
            found.append(_compare(table, held[table], column, known, (what, fate)))
    for table in tables:
        if REGION in TABLES[table].columns() and table in held:
            what = f"have a {REGION} that the region pack {regions.name} lacks"
            codes = pl.Series(regions.codes)
            found.append(
                _compare(table, held[table], REGION, codes, (what, "their place is unknown"))
            )
    return [one for one in found if one.rows]


def require_trainings(dataset: Dataset) -> None:
    """Refuse a dataset without a single training that can be used.

    Raises
    ------
    DatasetError
    """
    held = dataset.split("courses")
    if held.good.is_empty():
        why = count_reasons(held.problems)
        lost = (
            f" of {len(held.bad):,} can be used, such as {why[0].example}" if why else " is there"
        )
        raise DatasetError(
            f"{dataset.path('courses')}: no training{lost}; `padan import courses` brings them in"
        )


def require_usable_events(dataset: Dataset) -> None:
    """Refuse events of which none is of a known person and a known training.

    Raises
    ------
    DatasetError
    """
    events = dataset.split("interactions")
    usable = events.good.filter(
        E.course_id.col.is_in(dataset.read("courses")[C.course_id.name].implode()),
        E.participant_id.col.is_in(dataset.read("participants")[P.participant_id.name].implode()),
    )
    if len(usable):
        return
    if len(events.good):
        first = events.good.row(0, named=True)
        raise DatasetError(
            f"none of {len(events.good):,} events is of a training in courses.parquet and a person in "
            f"participants.parquet, such as {first[E.course_id.name]!r} of "
            f"{first[E.participant_id.name]!r}: were the ids changed on the way?"
        )
    if len(events.bad):
        raise DatasetError(
            f"{dataset.path('interactions')}: no event of {len(events.bad):,} can be used, such as "
            f"{count_reasons(events.problems)[0].example}"
        )


def _compare(
    table: str, rows: pl.DataFrame, column: str, known: pl.Series, words: tuple[str, str]
) -> Unknown:
    key = TABLES[table].primary_key()[0]
    every = rows.select(pl.col(key).alias("row"), pl.col(column).alias("named"))
    pairs = every.explode("named") if every["named"].dtype == pl.List else every
    lost = pairs.drop_nulls("named").filter(~pl.col("named").is_in(known.implode()))
    count = lost["row"].n_unique()
    example = f"{lost['named'][0]!r} ({lost['row'][0]})" if count else ""
    what, fate = words
    said = f"{count:,} of {len(every):,} {_THINGS[table]} {what}, such as {example}: {fate}"
    return Unknown(table, column, count, len(every), example, said)
