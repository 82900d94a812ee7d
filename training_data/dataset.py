"""The dataset directory: one Parquet file a table under contract, and ``dataset.toml``."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training_data.columns import TABLES
from training_data.contract import SplitRows, count_reasons, split_rows

INFO_FILE: Final = "dataset.toml"


class DatasetError(ValueError):
    """A dataset directory that cannot be used; the message names the file and what to do."""


class DatasetInfo(BaseModel):
    """What ``dataset.toml`` holds: what the tables' codes and rules refer to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    programme: str = Field(
        "prakerja-2024", description="rule pack: a shipped name or a file of the dataset"
    )
    region_pack: str = Field(
        "indonesia", description="whose codes region_code holds: a shipped name or a folder"
    )
    language: str = Field("id", description="ISO 639-1 language of titles and descriptions")
    simulated: bool = Field(False, description="no row is about a real person or event")


@dataclass(frozen=True)
class MergeCounts:
    """Rows that a merge added and rows whose key was there before."""

    added: int
    replaced: int


@dataclass(frozen=True)
class Dataset:
    """A dataset directory. A dataset with only some of the tables is valid.

    Attributes
    ----------
    folder : Path
        Holds ``dataset.toml`` and a Parquet file a table.
    info : DatasetInfo
        The content of ``dataset.toml``.
    """

    folder: Path
    info: DatasetInfo

    @classmethod
    def open(cls, folder: str | Path) -> Dataset:
        """Open an existing directory.

        Raises
        ------
        DatasetError
            If there is no such directory, no ``dataset.toml``, or a key in it is unknown or wrong.
        """
        path = Path(folder) / INFO_FILE
        if not path.is_file():
            raise DatasetError(
                f"{folder}: no dataset here ({INFO_FILE} is missing); make one with padan import"
            )
        try:
            return cls(Path(folder), DatasetInfo(**tomllib.loads(path.read_text(encoding="utf-8"))))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: not valid TOML: {error}") from error
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors()
            )
            raise DatasetError(f"{path}: {problems}") from error

    @classmethod
    def create(cls, folder: str | Path, info: DatasetInfo | None = None) -> Dataset:
        """Make the directory with its ``dataset.toml`` and no table."""
        info = info or DatasetInfo()
        Path(folder).mkdir(parents=True, exist_ok=True)
        # A JSON string or boolean is a TOML one too.
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in info.model_dump().items()]
        (Path(folder) / INFO_FILE).write_text("".join(lines), encoding="utf-8")
        return cls(Path(folder), info)

    @classmethod
    def open_or_create(cls, folder: str | Path) -> Dataset:
        """Open the dataset in ``folder``, or make one there with the default ``dataset.toml``."""
        return cls.open(folder) if (Path(folder) / INFO_FILE).exists() else cls.create(folder)

    def own_or_named(self, name: str) -> Path | str:
        """Return the dataset's own file or folder of a name; where it has none, the shipped one's name."""
        own = self.folder / name
        return own if own.exists() else name

    def path(self, table: str) -> Path:
        """Return where a table's file is, or would be."""
        _schema(table)
        return self.folder / f"{table}.parquet"

    def has(self, table: str) -> bool:
        """Return whether the table is there."""
        return self.path(table).is_file()

    def tables(self) -> list[str]:
        """Return the names of the tables that are there, in the contract's order."""
        return [table for table in TABLES if self.has(table)]

    def read(self, table: str) -> pl.DataFrame:
        """Return the rows of a table that keep its contract; a table that is not there is empty.

        Raises
        ------
        DatasetError
            If the file is no Parquet, or lacks a column that may not be empty.
        """
        return self.split(table).good

    def split(self, table: str) -> SplitRows:
        """Return the rows of a table that can be used, and those that are set aside with the reason."""
        if not self.has(table):
            return split_rows(_schema(table), _schema(table).create_empty())
        return split_by_contract(table, read_parquet(self.path(table)), str(self.path(table)))

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a lazy table, for what does not fit in memory; only writing checks it."""
        return (
            pl.scan_parquet(self.path(table))
            if self.has(table)
            else _schema(table).create_empty(lazy=True)
        )

    def validate(self) -> dict[str, int]:
        """Hold every table to its contract and return the number of rows of each."""
        return {table: self._read_whole(table).height for table in self.tables()}

    def write(self, table: str, rows: pl.DataFrame) -> None:
        """Hold rows to the contract and replace a table; a reader never sees half a file."""
        valid = _validate(table, rows, table)
        fresh = self.path(table).with_suffix(".parquet.new")
        valid.write_parquet(fresh)
        os.replace(fresh, self.path(table))

    def merge(self, table: str, rows: pl.DataFrame) -> MergeCounts:
        """Add rows to a table; a row whose key is there already takes the old row's place."""
        key = _schema(table).primary_key()
        before = self._read_whole(table)
        fresh = _validate(table, rows, table)
        kept = before.join(fresh, on=key, how="anti")
        self.write(table, pl.concat([kept, fresh]))
        replaced = before.height - kept.height
        return MergeCounts(added=fresh.height - replaced, replaced=replaced)

    def _read_whole(self, table: str) -> pl.DataFrame:
        """Read a table of which every row keeps the contract: what is written back loses none."""
        if not self.has(table):
            return _schema(table).create_empty()
        return read_table(table, self.path(table))

    def fingerprint(self) -> str:
        """Return the SHA-256 over ``dataset.toml`` and every table's bytes, in hexadecimal."""
        whole = hashlib.sha256()
        for path in (self.folder / INFO_FILE, *map(self.path, self.tables())):
            with path.open("rb") as file:
                whole.update(
                    f"{path.name}:{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode()
                )
        return whole.hexdigest()


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a Parquet file, whatever its columns are.

    Raises
    ------
    DatasetError
        If the file is not there, or is no Parquet.
    """
    try:
        return pl.read_parquet(path)
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: no such file") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DatasetError(f"{path}: not a Parquet file: {_on_one_line(error)}") from error


def read_table(table: str, path: Path) -> pl.DataFrame:
    """Read a Parquet file and hold it to the contract of a table.

    Raises
    ------
    DatasetError
        If the file is not there, is no Parquet, or a row breaks the contract.
    """
    return _validate(table, read_parquet(path), str(path))


def split_by_contract(table: str, rows: pl.DataFrame, where: str = "rows") -> SplitRows:
    """Return the rows that keep a table's contract, and those that do not with the column ``reason``.

    Raises
    ------
    DatasetError
        If a column is absent that may not be empty.
    """
    try:
        return split_rows(_schema(table), rows)
    except dy.exc.SchemaError as error:
        raise DatasetError(f"{where}: {_on_one_line(error)}") from error


def _on_one_line(error: BaseException) -> str:
    return " ".join(str(error).partition("\n\n")[0].split())


def _schema(table: str) -> type[dy.Schema]:
    if table not in TABLES:
        raise DatasetError(
            f"{table!r} is no table of a dataset; the tables are {', '.join(TABLES)}"
        )
    return TABLES[table]


def _validate(table: str, rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Hold rows to the contract; a column that may be empty may also be absent."""
    split = split_by_contract(table, rows, where)
    if len(split.bad):
        example = count_reasons(split.problems)[0].example
        raise DatasetError(
            f"{where}: {len(split.bad):,} of {len(rows):,} rows cannot be used, such as {example}"
        )
    return split.good
