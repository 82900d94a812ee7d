"""From a source file to accepted rows and rejected rows, which together are all its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from training_data.columns import TABLES
from training_data.contract import (
    PROBLEM_SCHEMA,
    ROW,
    find_doubled,
    find_problems,
    tell_by_row,
)
from training_data.importing.conversion import convert
from training_data.importing.mapping import (
    Kind,
    Mapping,
    MappingError,
    contract_mapping,
    find_header,
    find_mapping,
)
from training_data.importing.reading import Place, name_of, read_source
from training_data.importing.source import Source
from training_data.regions import RegionTable

REJECT_SCHEMA: Final = pl.Schema(
    {
        "source": pl.String,
        "table": pl.String,
        "row": pl.UInt32,
        "columns": pl.String,
        "reason": pl.String,
        "raw": pl.String,
    }
)
"""Columns of the rejects file; ``row`` counts the source's records from 1, without the header."""


class AccountingError(RuntimeError):
    """Accepted and rejected rows do not add up to the rows read: a fault of the importer itself."""


@dataclass(frozen=True)
class ImportResult:
    """What became of one source file.

    Attributes
    ----------
    mapping : str
        Name of the mapping used.
    read : int
        Rows in the source; always ``accepted.height + rejects.height``.
    accepted : DataFrame
        Rows under contract.
    rejects : DataFrame
        Rows refused, in the columns of ``REJECT_SCHEMA``.
    problems : DataFrame
        What was wrong, cell by cell: ``row``, ``column``, ``reason``, ``kind`` (the reason without the cell).
    assumed : dict of str to int
        Accepted cells by column that hold an assumption of the mapping.
    notes : tuple of str
        What a person should know of how the file was read.
    """

    mapping: str
    read: int
    accepted: pl.DataFrame
    rejects: pl.DataFrame
    problems: pl.DataFrame
    assumed: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def import_file(
    place: Place, kind: Kind, mapping: Mapping | None, regions: RegionTable
) -> ImportResult:
    """Read one file or database and sort its rows into accepted and rejected.

    Parameters
    ----------
    mapping : Mapping or None
        None: a shipped one by file name, then by columns; else the file has our own columns.

    Raises
    ------
    MappingError
        If the mapping is for another table or needs a column that the file has not.
    SourceError
        If the file cannot be read.
    """
    name, source = name_of(place), None
    mapping = mapping or find_mapping(kind, name, None)
    if mapping is None:
        source = read_source(place)
        columns = source.table.columns
        mapping = find_mapping(kind, name, columns) or contract_mapping(kind, name, source.table)
    if mapping.kind != kind:
        raise MappingError(f"mapping {mapping.name} is for {mapping.kind}, not for {kind}")
    if source is None or not mapping.reads_plainly():
        source = read_source(place, mapping)
    _require_columns(source.table, mapping, name)
    return sort_rows(source, name, mapping, regions)


def sort_rows(source: Source, name: str, mapping: Mapping, regions: RegionTable) -> ImportResult:
    """Sort what ``read_source`` gives into accepted and rejected rows.

    Parameters
    ----------
    name : str
        The file's name, for the rejects.
    """
    raw, schema = source.table, TABLES[mapping.kind]
    converted = convert(raw, mapping, regions)
    broken = source.broken.select(
        ROW, pl.lit("").alias("column"), "reason", pl.lit("cannot be taken apart").alias("kind")
    ).cast(PROBLEM_SCHEMA)
    faulty = converted.problems.join(broken, on=ROW, how="anti")
    table = converted.table.with_row_index(ROW).cast({ROW: pl.UInt32})
    against = find_problems(table.join(broken, on=ROW, how="anti"), schema)
    against = against.join(faulty, on=[ROW, "column"], how="anti")
    problems = pl.concat([broken, faulty, against])
    clean = table.join(problems, on=ROW, how="anti")
    doubled = find_doubled(clean, schema.primary_key(), mapping.keep)
    accepted = clean.join(doubled, on=ROW, how="anti")
    problems = pl.concat([problems, doubled])
    rejects = _rejects(source, problems, name, mapping.kind)
    _check_accounts(raw.height, accepted, rejects, name)
    assumed = {
        column: count
        for column, rows in converted.assumed.items()
        if (count := int(rows.gather(accepted[ROW]).sum()))
    }
    return ImportResult(
        mapping.name,
        raw.height,
        schema.validate(accepted.drop(ROW)),
        rejects,
        problems,
        assumed,
        (*source.notes, *converted.notes, *_unused_columns(raw, mapping)),
    )


def _unused_columns(raw: pl.DataFrame, mapping: Mapping) -> list[str]:
    """Say which columns of the source with anything in them no key of the mapping reads."""
    used = mapping.sources() | {join.on for join in mapping.join}
    joined = tuple(f"{join.name}." for join in mapping.join)
    unused = [
        column.name
        for column in raw
        if column.name not in used
        and column.null_count() < len(column)
        and not (joined and column.name.startswith(joined))
    ]
    return [f"columns that no key uses: {', '.join(unused)}"] if unused else []


def _require_columns(raw: pl.DataFrame, mapping: Mapping, name: str) -> None:
    absent = sorted(mapping.sources() - set(raw.columns))
    if absent:
        raise MappingError(
            f"{name}: mapping {mapping.name} needs the column {absent[0]!r}; "
            f"the file has {', '.join(raw.columns)}{find_header(raw, absent, mapping)}"
        )


def _rejects(source: Source, problems: pl.DataFrame, name: str, table: str) -> pl.DataFrame:
    """One line for each refused row, with all its reasons and the row as it was."""
    by_row = tell_by_row(problems)
    rows = source.table.with_row_index(ROW).cast({ROW: pl.UInt32}).join(by_row, on=ROW, how="semi")
    cells = pl.struct(pl.exclude(ROW)).struct.json_encode() if source.table.width else pl.lit("{}")
    read = rows.select(ROW, cells.alias("cells"))
    return (
        by_row.join(read, on=ROW)
        .join(source.broken.select(ROW, "raw"), on=ROW, how="left")
        .sort(ROW)
        .with_columns(
            pl.lit(name).alias("source"),
            pl.lit(table).alias("table"),
            pl.col(ROW) + 1,
            pl.coalesce("raw", "cells").alias("raw"),
        )
        .select(*REJECT_SCHEMA)
        .cast(REJECT_SCHEMA)
    )


def _check_accounts(read: int, accepted: pl.DataFrame, rejects: pl.DataFrame, source: str) -> None:
    if accepted.height + rejects.height != read:
        raise AccountingError(
            f"{source}: {accepted.height} accepted, {rejects.height} rejected, but {read} rows read"
        )
