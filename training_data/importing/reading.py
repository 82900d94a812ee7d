"""Any supported file or database as a table of text, one column a source column."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl
import sqlalchemy as sa
from python_calamine import CalamineError, CalamineWorkbook

from training_data.importing.csv_rows import read_csv
from training_data.importing.json_rows import build_source, flatten, read_json, read_json_lines
from training_data.importing.mapping import FileOptions, Join, Mapping
from training_data.importing.source import (
    BROKEN_SCHEMA,
    Source,
    SourceBuilder,
    SourceError,
    as_text,
    name_columns,
    tidy,
)
from training_data.importing.sql_rows import read_database, tell
from training_data.text import normalise

Place = Path | sa.URL

FORMATS: Final = (".csv", ".json", ".jsonl", ".xlsx", ".parquet")


def name_of(place: Place) -> str:
    """Return what reports call a file or database."""
    return place.name if isinstance(place, Path) else tell(place)


def read_source(place: Place, mapping: Mapping | None = None) -> Source:
    """Read a file as text columns; without a mapping by commas, the first sheet, no rows skipped.

    A database is read as the mapping says.

    Raises
    ------
    SourceError
        If the file is missing, of an unknown format, malformed, or without a header.
    """
    if not isinstance(place, Path):
        return _read_database(place, mapping)
    source = read_file(place, mapping or FileOptions())
    return source if mapping is None else _join_files(source, place, mapping)


def _read_database(url: sa.URL, mapping: Mapping | None) -> Source:
    if mapping is None:
        raise SourceError(f"{tell(url)}: a database is read with a mapping: --mapping")
    if mapping.join:
        raise SourceError(f"{tell(url)}: `join` is for files; the query can join")
    return read_database(url, mapping.table, mapping.query)


def _join_files(source: Source, path: Path, mapping: Mapping) -> Source:
    """Add what stands in the files beside a source."""
    table, notes = source.table, []
    for join in mapping.join:
        beside = sorted(path.parent.glob(join.file))
        if len(beside) > 1:
            raise SourceError(f"{path.parent}: {len(beside)} files match {join.file!r}; keep one")
        if beside:
            table = _join_file(table, path, beside[0], join)
        else:
            table = _leave_empty(table, mapping, join)
            notes.append(f"no file beside it fits {join.file!r}: {join.name}.* is not known")
    return Source(table, source.broken, tuple(notes))


def read_file(path: Path, options: FileOptions) -> Source:
    """Read one file as `read_source` does, without what stands beside it."""
    if path.suffix.lower() not in FORMATS:
        raise SourceError(f"{path}: the format is not one of {', '.join(FORMATS)}")
    if not path.is_file():
        raise SourceError(f"{path}: no such file")
    try:
        match path.suffix.lower():
            case ".csv":
                return read_csv(path, options.separator, options.skip_rows, options.encoding)
            case ".json":
                return read_json(path, options.records)
            case ".jsonl":
                return read_json_lines(path)
            case ".xlsx":
                return _read_workbook(path, options.sheet, options.skip_rows)
            case _:
                return _from_typed(pl.read_parquet(path))
    except SourceError:
        raise
    except (pl.exceptions.PolarsError, CalamineError, ValueError, RecursionError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(
            f"{path}: cannot be read as {path.suffix[1:].upper()}: {reason}"
        ) from error


def _read_workbook(path: Path, sheet: str | int, skip_rows: int) -> Source:
    with CalamineWorkbook.from_path(path) as workbook:
        names = workbook.sheet_names
        if sheet not in names and not (isinstance(sheet, int) and 0 <= sheet < len(names)):
            raise ValueError(f"no sheet {sheet!r}; its sheets are {', '.join(names)}")
        name = names[sheet] if isinstance(sheet, int) else sheet
        rows = workbook.get_sheet_by_name(name).to_python()[skip_rows:]
    if not rows:
        raise ValueError(f"the sheet {name!r} has no header")
    header, *records = ([as_text(cell) or "" for cell in row] for row in rows)
    builder = SourceBuilder(header)
    for cells in records:
        builder.add(cells)
    return builder.build()


def _from_typed(table: pl.DataFrame) -> Source:
    """Return typed columns as text; nested ones as JSON would have them."""
    if any(dtype.is_nested() for dtype in table.dtypes):
        return build_source([dict(flatten(record)) for record in table.to_dicts()])
    table = table.rename(dict(zip(table.columns, name_columns(table.columns), strict=True)))
    text = [_column_as_text(column) for column in table]
    return Source(tidy(pl.DataFrame(text)), pl.DataFrame(schema=BROKEN_SCHEMA))


def _column_as_text(column: pl.Series) -> pl.Series:
    if column.dtype.is_float() or column.dtype.is_decimal():
        distinct = column.unique()
        texts = pl.Series([as_text(float(x)) for x in distinct.drop_nulls()], dtype=pl.String)
        return column.replace_strict(
            distinct.drop_nulls(), texts, default=None, return_dtype=pl.String
        )
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        column = column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    return column.cast(pl.String, strict=False)


def _join_file(table: pl.DataFrame, path: Path, beside: Path, join: Join) -> pl.DataFrame:
    """Add the columns of the second file."""
    second = read_file(beside, FileOptions(sheet=join.sheet)).table
    for file, held, column in ((path, table, join.on), (beside, second, join.to)):
        if column not in held.columns:
            raise SourceError(f"{file}: no column {column!r} to join on")
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


def _leave_empty(table: pl.DataFrame, mapping: Mapping, join: Join) -> pl.DataFrame:
    """Add the columns that the mapping reads of a second file, without values."""
    asked = sorted({n for n in mapping.sources() if n.startswith(f"{join.name}.")})
    absent = [name for name in asked if name not in table.columns]
    return table.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def _key(column: str) -> pl.Expr:
    return pl.col(column).map_elements(normalise, return_dtype=pl.String)
