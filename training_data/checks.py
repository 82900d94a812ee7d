"""What a careful colleague would say of a dataset before anything is learnt from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from training_data.columns import (
    TABLES,
    Classes,
    Courses,
    Interactions,
    Participants,
    Vacancies,
)
from training_data.contract import count_reasons
from training_data.dataset import Dataset
from training_data.importing.html_text import MARKUP
from training_data.references import find_unknown
from training_data.regions import RegionTable

C, P, E, K, V = Courses, Participants, Interactions, Classes, Vacancies
LEAST_ROWS: Final = 20  # of a column before its having one value says anything
MOST_OF_ONE_REGION: Final = 0.5
_MANGLED: Final = {
    "end in .0, as numbers do that were ids": r"^[0-9]+\.0$",
    "are in scientific notation": r"^[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+$",
}


@dataclass(frozen=True)
class Finding:
    """Something to look at.

    Attributes
    ----------
    rows, of : int
        How many rows of the table it is about, and how many there are.
    example : str
        One of them.
    """

    table: str
    said: str
    rows: int
    of: int
    example: str = ""


def check_dataset(dataset: Dataset, regions: RegionTable, now: dt.datetime) -> list[Finding]:
    """Return what there is to look at, table by table.

    Parameters
    ----------
    now : datetime
        With a zone; what lies behind it has not happened yet.

    Raises
    ------
    DatasetError
        If a table cannot be read.
    """
    split = {table: dataset.split(table) for table in dataset.tables()}
    tables = {table: rows.good for table, rows in split.items()}
    found = [
        Finding(table, f"set aside, {why.kind}", why.rows, len(good) + len(bad), f"row {why.row}")
        for table, (good, bad, problems) in split.items()
        for why in count_reasons(problems)
    ]
    found += [
        finding
        for table, rows in tables.items()
        for check in (_check_columns, _check_ids)
        for finding in check(table, rows)
    ]
    found += [
        Finding(one.table, one.said.partition(", such as ")[0], one.rows, one.of, one.example)
        for one in find_unknown(dataset, regions)
    ]
    whole = {table: tables.get(table, TABLES[table].create_empty()) for table in TABLES}
    found += [*_check_trainings(whole), *_check_clocks(whole, now), *_check_use(whole)]
    found += _check_skew(whole, regions)
    return sorted((one for one in found if one.rows), key=lambda one: list(TABLES).index(one.table))


def _check_columns(table: str, rows: pl.DataFrame) -> Iterator[Finding]:
    """Find columns that say nothing."""
    if rows.is_empty():
        return
    empty = [one.name for one in rows if not _is_known(one).any()]
    if empty:
        said = f"columns are empty throughout: {', '.join(empty)}"
        yield Finding(table, said, len(rows), len(rows))
    for column in rows:
        if len(rows) >= LEAST_ROWS and _is_known(column).all() and column.n_unique() == 1:
            said = f"{column.name} is the same throughout"
            yield Finding(table, said, len(rows), len(rows), str(column[0]))


def _is_known(column: pl.Series) -> pl.Series:
    return column.list.len() > 0 if column.dtype == pl.List else column.is_not_null()


def _check_ids(table: str, rows: pl.DataFrame) -> Iterator[Finding]:
    """Find ids that look as if a spreadsheet had taken them for numbers."""
    for name, column in TABLES[table].columns().items():
        if (
            name.endswith("_id")
            and column.dtype == pl.String
            and rows[name].null_count() < len(rows)
        ):
            ids = rows[name].drop_nulls()
            for words, pattern in _MANGLED.items():
                yield _about(
                    table, ids.filter(ids.str.contains(pattern)), f"{name}s {words}", len(rows)
                )
            digits = ids.filter(ids.str.contains(r"^[0-9]+$"))
            lengths = digits.str.len_chars()
            usual = lengths.mode().max() if len(digits) else None
            led = digits.filter(digits.str.starts_with("0")).len()
            short = digits.filter(lengths < usual) if usual and led else digits.clear()
            yield _about(
                table, short, f"{name}s are shorter than others and may have lost zeros", len(rows)
            )


def _check_trainings(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    courses = tables["courses"]
    face_to_face = C.mode.col.cast(pl.String).is_in(["in_person", "hybrid"])
    placed = C.course_id.col.is_in(tables["classes"][K.course_id.name].implode())
    nowhere = C.region_code.col.is_null() & C.latitude.col.is_null() & ~placed
    for said, lacking in (
        ("trainings have no description", C.description.col.is_null()),
        ("trainings name no skill", C.skills.col.list.len() == 0),
        ("trainings have no duration", C.duration_hours.col.is_null()),
        ("trainings are held in person and no place is known", face_to_face & nowhere),
        ("trainings have HTML in their description", C.description.col.str.contains(MARKUP)),
    ):
        yield _about("courses", courses.filter(lacking)[C.course_id.name], said, len(courses))
    alike = courses.filter(
        pl.struct(
            C.title.col.str.to_lowercase()
            .str.replace_all(r"[^\p{L}\p{N}]+", " ")
            .str.strip_chars(),
            C.mode.col.cast(pl.String),
        ).is_duplicated()
    )
    said = "trainings have the title and mode of another, by another provider or platform"
    yield _about("courses", alike[C.title.name], said, len(courses))


def _check_clocks(tables: dict[str, pl.DataFrame], now: dt.datetime) -> Iterator[Finding]:
    """Find what happened before it could, and what has not happened yet."""
    events, people, courses = (tables[one] for one in ("interactions", "participants", "courses"))
    yield _about(
        "interactions",
        events.filter(E.at.col > now)[E.event_id.name],
        "events lie in the future",
        len(events),
    )
    joined = events.join(
        people.select(P.participant_id.name, P.admitted_on.name),
        on=P.participant_id.name,
        how="left",
    ).join(courses.select(C.course_id.name, C.available_from.name), on=C.course_id.name, how="left")
    day = E.at.col.dt.date()
    for said, early in (
        ("events come before their participant was admitted", day < P.admitted_on.col),
        ("events come before their training was available", day < C.available_from.col),
    ):
        yield _about("interactions", joined.filter(early)[E.event_id.name], said, len(events))
    unborn = people.filter(P.birth_year.col > now.year)[P.participant_id.name]
    yield _about(
        "participants", unborn, "participants are to be born in years to come", len(people)
    )


def _check_use(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    events = tables["interactions"]
    for table, key in (("courses", C.course_id.name), ("participants", P.participant_id.name)):
        ids = tables[table][key]
        idle = ids.filter(~ids.is_in(events[key].implode()))
        if len(events):
            yield _about(table, idle, f"{table} have no event", len(ids))


def _check_skew(tables: dict[str, pl.DataFrame], regions: RegionTable) -> Iterator[Finding]:
    """Find a region of the highest level but one that has most of a table's rows."""
    upper = regions.at_level(min(1, len(regions.levels) - 1))
    for table in ("courses", "participants", "vacancies"):
        codes = tables[table]["region_code"].drop_nulls()
        known = [upper[regions.find(code)] for code in codes if regions.find(code) >= 0]
        counts = (
            pl.Series(known, dtype=pl.Int32)
            .filter(pl.Series(known, dtype=pl.Int32) >= 0)
            .value_counts(sort=True)
        )
        if (
            len(counts)
            and len(codes) >= LEAST_ROWS
            and counts["count"][0] > MOST_OF_ONE_REGION * len(codes)
        ):
            name = regions.names[int(counts.to_series(0)[0])]
            yield Finding(
                table,
                f"most {table} with a place are in one region",
                int(counts["count"][0]),
                len(codes),
                name,
            )


def _about(table: str, examples: pl.Series, said: str, of: int) -> Finding:
    return Finding(table, said, len(examples), of, str(examples[0]) if len(examples) else "")
