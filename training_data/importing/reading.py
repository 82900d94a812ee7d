"""Any supported file as a table of text, one column a source column."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dictionary
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from training_data.importing.mapping import Join, Mapping
from training_data.text import normalise

FORMATS: Final = (".csv", ".json", ".jsonl", ".xlsx", ".parquet")


class SourceError(ValueError):
    """A source file that cannot be read; the message names the file and what to do."""


def read_source(path: Path, mapping: Mapping | None = None) -> pl.DataFrame:
    """Read a file as text columns; without a mapping by commas, the first sheet, no rows skipped.

    Raises
    ------
    SourceError
        If the file is missing, of an unknown format, malformed, or without a header.
    """
    if mapping is None:
        return _read(path, separator=",", sheet=0, skip_rows=0)
    table = _read(path, mapping.separator, mapping.sheet, mapping.skip_rows)
    for join in mapping.join:
        table = _join_file(table, path, join)
    return table


def _read(path: Path, separator: str, sheet: str | int, skip_rows: int) -> pl.DataFrame:
    if path.suffix.lower() not in FORMATS:
        raise SourceError(f"{path}: the format is not one of {', '.join(FORMATS)}")
    if not path.is_file():
        raise SourceError(f"{path}: no such file")
    try:
        match path.suffix.lower():
            case ".csv":
                return _trim(
                    pl.read_csv(path, separator=separator, skip_rows=skip_rows, infer_schema=False)
                )
            case ".json":
                return _from_records(json.loads(path.read_text(encoding="utf-8-sig")))
            case ".jsonl":
                lines = path.read_text(encoding="utf-8-sig").splitlines()
                return _from_records([json.loads(line) for line in lines if line.strip()])
            case ".xlsx":
                workbook = fastexcel.read_excel(path)
                return _trim(
                    workbook.load_sheet(sheet, header_row=skip_rows, dtypes="string").to_polars()
                )
            case _:
                return _text_columns(pl.read_parquet(path))
    except (
        pl.exceptions.PolarsError,
        fastexcel.FastExcelError,
        ValueError,
        RecursionError,
    ) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(
            f"{path}: cannot be read as {path.suffix[1:].upper()}: {reason}"
        ) from error


def _from_records(records: object) -> pl.DataFrame:
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ValueError("a list of objects is needed")
    names = dict.fromkeys(name for record in records for name in record)
    columns = {name: [_as_text(record.get(name)) for record in records] for name in names}
    return _trim(pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)))


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _text_columns(table: pl.DataFrame) -> pl.DataFrame:
    nested = [name for name, dtype in table.schema.items() if dtype.is_nested()]
    lists = [
        pl.Series(name, [_as_text(_plain(value)) for value in table[name]], dtype=pl.String)
        for name in nested
    ]
    return _trim(table.with_columns(*lists).cast(pl.String))


def _plain(value: object) -> object:
    return value.to_list() if isinstance(value, pl.Series) else value


def _trim(table: pl.DataFrame) -> pl.DataFrame:
    """White space off both ends of headers and cells; an empty cell is null."""
    stripped = table.rename({name: name.strip() for name in table.columns})
    return stripped.with_columns(pl.all().str.strip_chars()).with_columns(
        pl.when(pl.all() != "").then(pl.all())
    )


def _join_file(table: pl.DataFrame, path: Path, join: Join) -> pl.DataFrame:
    """Add the columns of the second file; where the file is absent, nothing is added."""
    beside = sorted(path.parent.glob(join.file))
    if not beside:
        return table
    if len(beside) > 1:
        raise SourceError(f"{path.parent}: {len(beside)} files match {join.file!r}; keep one")
    second = _read(beside[0], separator=",", sheet=join.sheet, skip_rows=0)
    _require({join.on: path, join.to: beside[0]}, {path: table, beside[0]: second})
    key = f"{join.name}.key"
    second = (
        second.rename({name: f"{join.name}.{name}" for name in second.columns})
        .with_columns(_key(f"{join.name}.{join.to}").alias(key))
        .drop_nulls(key)
        .unique(
            key, keep="none", maintain_order=True
        )  # two rows of one name: neither is known to be meant
    )
    return (
        table.with_columns(_key(join.on).alias(key))
        .join(second, on=key, how="left", maintain_order="left")
        .drop(key)
    )


def _key(column: str) -> pl.Expr:
    return pl.col(column).map_elements(normalise, return_dtype=pl.String)


def _require(columns: Dictionary[str, Path], tables: Dictionary[Path, pl.DataFrame]) -> None:
    for column, path in columns.items():
        if column not in tables[path].columns:
            raise SourceError(f"{path}: no column {column!r} to join on")
