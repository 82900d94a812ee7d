"""From a source file to accepted rows and rejected rows, which together are all its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import dataframely as dy
import polars as pl

from training_data.columns import TABLES
from training_data.importing.conversion import PROBLEM_SCHEMA, ROW, convert
from training_data.importing.mapping import (
    Kind,
    Mapping,
    MappingError,
    contract_mapping,
    find_mapping,
)
from training_data.importing.reading import read_source
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

_RULES: Final = {
    "nullability": "is empty",
    "min_length": "is too short",
    "max_length": "is too long",
    "min": "is too small",
    "min_exclusive": "is too small",
    "max": "is too large",
    "dates_in_order": "the end comes before the beginning",
    "seats_left_within_seats": "more seats are left than there are",
}


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
    assumed : dict of str to int
        Accepted cells by column that hold an assumption of the mapping.
    """

    mapping: str
    read: int
    accepted: pl.DataFrame
    rejects: pl.DataFrame
    assumed: dict[str, int] = field(default_factory=dict)


def import_file(
    path: Path, kind: Kind, mapping: Mapping | None, regions: RegionTable
) -> ImportResult:
    """Read one file and sort its rows into accepted and rejected.

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
    mapping = mapping or find_mapping(kind, path, None)
    if mapping is None:
        columns = read_source(path).columns
        mapping = find_mapping(kind, path, columns) or contract_mapping(kind, path, columns)
    if mapping.kind != kind:
        raise MappingError(f"mapping {mapping.name} is for {mapping.kind}, not for {kind}")
    raw = read_source(path, mapping)
    _require_columns(raw, mapping, path)
    return sort_rows(raw, path.name, mapping, regions)


def sort_rows(
    raw: pl.DataFrame, source: str, mapping: Mapping, regions: RegionTable
) -> ImportResult:
    """Sort a table of text, as ``read_source`` gives it, into accepted and rejected rows."""
    schema = TABLES[mapping.kind]
    converted = convert(raw, mapping, regions)
    table = converted.table.with_row_index(ROW)
    clean = table.join(converted.problems.select(ROW), on=ROW, how="anti")
    broken = _contract_problems(clean, schema)
    clean = clean.join(broken.select(ROW), on=ROW, how="anti")
    doubled = _duplicates(clean, schema.primary_key()[0], mapping.keep)
    accepted = clean.join(doubled.select(ROW), on=ROW, how="anti")
    problems = pl.concat([converted.problems, broken, doubled])
    rejects = _rejects(raw, problems, source, mapping.kind)
    _check_accounts(raw.height, accepted, rejects, source)
    assumed = {
        column: count
        for column, rows in converted.assumed.items()
        if (count := int(rows.gather(accepted[ROW]).sum()))
    }
    return ImportResult(
        mapping.name, raw.height, schema.validate(accepted.drop(ROW)), rejects, assumed
    )


def _require_columns(raw: pl.DataFrame, mapping: Mapping, path: Path) -> None:
    needed = {name for column in mapping.columns.values() for name in column.sources()}
    joined = tuple(f"{join.name}." for join in mapping.join)  # a second file may be absent
    absent = sorted(n for n in needed - set(raw.columns) if not (joined and n.startswith(joined)))
    if absent:
        raise MappingError(
            f"{path.name}: mapping {mapping.name} needs the column {absent[0]!r}; "
            f"the file has {', '.join(raw.columns)}"
        )


def _contract_problems(table: pl.DataFrame, schema: type[dy.Schema]) -> pl.DataFrame:
    """Return the rules that rows break; doubled keys are not looked at here."""
    # With the row number as part of the key no key is doubled, and the failures keep their row.
    numbered: type[dy.Schema] = type("Numbered", (schema,), {ROW: dy.UInt32(primary_key=True)})
    details = numbered.filter(table)[1].details()
    rules = [name for name in details.columns if name not in numbered.column_names()]
    reasons = {rule: _reason(rule, schema) for rule in rules}
    return (
        details.select(ROW, pl.col(rules) == "invalid")
        .unpivot(index=ROW, variable_name="rule", value_name="broken")
        .filter("broken")
        .select(
            ROW,
            pl.col("rule").str.split("|").list.first().alias("column"),
            pl.col("rule").replace(reasons).alias("reason"),
        )
        .cast(PROBLEM_SCHEMA)
    )


def _reason(rule: str, schema: type[dy.Schema]) -> str:
    column, _, name = rule.rpartition("|")
    limit = getattr(schema.columns().get(column), name, None)
    words = _RULES.get(name, f"breaks the rule {name}")
    return words if limit is None else f"{words} ({name} {limit})"


def _duplicates(table: pl.DataFrame, key: str, keep: Literal["first", "last"]) -> pl.DataFrame:
    """Return the rows whose key another row has, and which row that is."""
    kept = pl.col(ROW).first() if keep == "first" else pl.col(ROW).last()
    return (
        table.select(ROW, kept.over(key).alias("kept"))
        .filter(pl.col(ROW) != pl.col("kept"))
        .select(
            ROW,
            pl.lit(key).alias("column"),
            pl.format("is the same as in row {}, which is kept", pl.col("kept") + 1).alias(
                "reason"
            ),
        )
        .cast(PROBLEM_SCHEMA)
    )


def _rejects(raw: pl.DataFrame, problems: pl.DataFrame, source: str, table: str) -> pl.DataFrame:
    """One line for each refused row, with all its reasons and the row as it was."""
    by_row = problems.group_by(ROW).agg(
        pl.col("column").unique(maintain_order=True).str.join(", ").alias("columns"),
        pl.format("{}: {}", "column", "reason").str.join("; ").alias("reason"),
    )
    rows = raw.select(pl.struct(pl.all()).struct.json_encode().alias("raw")).with_row_index(ROW)
    return (
        by_row.join(rows, on=ROW)
        .sort(ROW)
        .with_columns(pl.lit(source).alias("source"), pl.lit(table).alias("table"), pl.col(ROW) + 1)
        .select(*REJECT_SCHEMA)
        .cast(REJECT_SCHEMA)
    )


def _check_accounts(read: int, accepted: pl.DataFrame, rejects: pl.DataFrame, source: str) -> None:
    if accepted.height + rejects.height != read:
        raise AccountingError(
            f"{source}: {accepted.height} accepted, {rejects.height} rejected, but {read} rows read"
        )
