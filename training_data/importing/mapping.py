"""How one source's columns become ours: the mapping file, checked when it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

import dataframely as dy
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from training_data.columns import TABLES
from training_data.importing.source import squeeze

Kind = Literal["courses", "participants", "interactions", "classes", "vacancies"]
ParserName = Literal[
    "text", "name", "list", "price", "percent", "number", "integer", "boolean", "date", "datetime",
    "duration_hours", "duration_minutes", "duration_jp", "region", "hash",
]  # fmt: skip

_PARSERS_OF_OPTION: Final[dict[str, set[str | None]]] = {
    "prefix": {None, "text", "hash", "list"},
    "separator": {"list"},
    "discount": {"price"},
    "province": {"region"},
    "time_zone": {"datetime"},
    "times": {"price", "number"},
}


_TYPES_OF_PARSER: Final[dict[ParserName, tuple[type[pl.DataType], ...]]] = {
    "text": (pl.String, pl.Enum), "name": (pl.String,), "hash": (pl.String,), "region": (pl.String,),
    "list": (pl.List,), "price": (pl.Int32, pl.Int64, pl.Float64), "integer": (pl.Int32, pl.Int64, pl.Float64),
    "percent": (pl.Float64,), "number": (pl.Float64,), "boolean": (pl.Boolean,), "date": (pl.Date,),
    "datetime": (pl.Datetime,), "duration_hours": (pl.Float64,), "duration_minutes": (pl.Float64,),
    "duration_jp": (pl.Float64,),
}  # fmt: skip


class MappingError(ValueError):
    """A mapping that cannot be used; the message names the file, the key and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """Where one of our columns comes from.

    Several source columns are joined, each text once; ``prefix`` goes before the text.
    """

    source: tuple[str, ...] = Field(min_length=1)
    parser: ParserName | None = Field(None, description="None: the one that fits the column's type")
    prefix: str = ""
    join: str = " "
    strip: str = Field("", description="characters to take off both ends beside white space")
    replace: dict[str, str] = Field({}, description="characters to write in the place of others")
    missing: tuple[str, ...] = Field((), description="texts that mean: not known")
    separator: str = Field(",", min_length=1, description="between the items of a list")
    discount: str | None = Field(
        None, description="source column of the discount the price already has"
    )
    province: str | None = Field(
        None, description="source column that tells two regions of one name apart"
    )
    times: float | None = Field(None, gt=0, le=1e9, description="what numbers are multiplied with")
    time_zone: str = Field("UTC", description="of moments that name none")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: object) -> object:
        fields = dict(value) if isinstance(value, dict) else {"source": value}
        if isinstance(fields.get("source"), str):
            fields["source"] = (fields["source"],)
        return fields

    @field_validator("source")
    @classmethod
    def _as_headers_are(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(squeeze(name) for name in value)

    @field_validator("discount", "province")
    @classmethod
    def _as_a_header_is(cls, value: str | None) -> str | None:
        return value and squeeze(value)

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone of the IANA database") from error
        return value

    @model_validator(mode="after")
    def _options_fit_parser(self) -> Column:
        if self.parser == "hash" and "join" in self.model_fields_set:
            raise ValueError("join has no meaning for parser = hash, which keeps the columns apart")
        for option, parsers in _PARSERS_OF_OPTION.items():
            if option in self.model_fields_set and self.parser not in parsers:
                fitting = " or ".join(sorted(name for name in parsers if name))
                raise ValueError(f"{option} needs parser = {fitting}")
        return self

    def sources(self) -> tuple[str, ...]:
        """Every source column that is read, those of the options too."""
        return (*self.source, *(name for name in (self.discount, self.province) if name))


class Join(_Strict):
    """A second file beside the source; its columns are known as ``name.column``."""

    name: str = Field(min_length=1)
    file: str = Field(min_length=1, description="file name pattern, in the source's folder")
    on: str = Field(description="column of the source")
    to: str = Field(description="column of the second file; compared without case and punctuation")
    sheet: str | int = 0


class Match(_Strict):
    """When a mapping is taken unnamed: the file name fits, or all the columns are there."""

    files: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class FileOptions(_Strict):
    """How a file or database is read, whatever its columns mean."""

    sheet: str | int = Field(0, description="of a workbook, by name or by number from 0")
    skip_rows: int = Field(0, ge=0, description="rows before the header")
    separator: str = Field(",", min_length=1, max_length=1, description="of a CSV file")
    encoding: str | None = Field(None, description="of a CSV file; None: UTF-8, or by its mark")
    records: str = Field(
        "", description="dotted path of the list in a JSON file; '': the only one of objects"
    )

    table: str = Field("", description="of a database; its schema stands before a dot")
    query: str = Field("", description="to a database, in the place of a table")

    @model_validator(mode="after")
    def _one_thing_is_read(self) -> FileOptions:
        if self.table and self.query:
            raise ValueError("table and query both say what to read of a database; keep one")
        return self

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str | None) -> str | None:
        try:
            "".encode(value or "utf-8")
        except LookupError as error:
            raise ValueError(f"{value!r} is no encoding such as cp1252 or utf-16") from error
        return value

    @field_validator("separator")
    @classmethod
    def _separates(cls, value: str) -> str:
        if value in '\r\n"':
            raise ValueError(f"{value!r} cannot separate cells")
        return value


class Mapping(FileOptions):
    """One source's mapping. Columns, constants, enumerations and assumptions go by our columns."""

    name: str
    kind: Kind
    description: str = ""
    match: Match = Match()
    missing: tuple[str, ...] = Field((), description="cells of any column that mean: not known")
    keep: Literal["first", "last"] = Field(
        "first", description="which of several rows with one key"
    )
    columns: dict[str, Column]
    constants: dict[str, str] = Field(
        {}, description="known of the whole source, and not written in it"
    )
    enumerations: dict[str, dict[str, str]] = Field(
        {}, description="source's value to ours; '*': any other"
    )
    assumptions: dict[str, dict[str, str]] = Field(
        {},
        description="as enumerations ('': an empty cell), but guesses: the report counts their use",
    )
    join: tuple[Join, ...] = ()

    def sources(self) -> set[str]:
        """Every column of the source that is read."""
        return {name for column in self.columns.values() for name in column.sources()}

    def reads_plainly(self) -> bool:
        """Whether the file is read as one without a mapping is."""
        return not self.join and all(
            getattr(self, name) == field.default for name, field in FileOptions.model_fields.items()
        )

    @model_validator(mode="after")
    def _targets_exist(self) -> Mapping:
        known = TABLES[self.kind].columns()
        given = [*self.columns, *self.constants, *self.enumerations, *self.assumptions]
        unknown = [target for target in given if target not in known]
        if unknown:
            raise ValueError(f"{self.kind} has no column {unknown[0]!r}; it has {', '.join(known)}")
        for name, column in self.columns.items():
            fitting = _TYPES_OF_PARSER[column.parser] if column.parser else ()
            if column.parser and not isinstance(known[name].dtype, fitting):
                raise ValueError(
                    f"columns.{name}: parser = {column.parser} gives no {known[name].dtype}"
                )
        twice = sorted(set(self.constants) & (set(self.columns) | set(self.assumptions)))
        if twice:
            raise ValueError(f"{twice[0]!r} is a constant and comes from elsewhere too; keep one")
        sourceless = sorted(set(self.enumerations) - set(self.columns))
        if sourceless:
            raise ValueError(f"enumerations.{sourceless[0]} has no source in [columns]")
        needed = (n for n, c in known.items() if not c.nullable and not isinstance(c, dy.List))
        absent = [name for name in needed if name not in given]
        if absent:
            raise ValueError(
                f"{self.kind} need {', '.join(absent)}: give a column, constant or assumption"
            )
        return self


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Load a shipped mapping by name (``"skillweek"``) or any mapping by its file.

    Raises
    ------
    MappingError
        If the file is missing, is not TOML, or has a key that is unknown or wrong.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = _folder() / f"{name_or_path}.toml"
    if not path.is_file():
        known = ", ".join(mapping.name for mapping in shipped_mappings())
        raise MappingError(f"{name_or_path}: no such mapping; shipped are {known}")
    return _read(path)


def shipped_mappings() -> list[Mapping]:
    """Return the mappings that come with the project, by name."""
    return [_read(path) for path in sorted(_folder().glob("*.toml"))]


def find_mapping(kind: Kind, file: str, columns: Sequence[str] | None) -> Mapping | None:
    """Return the shipped mapping for a file by its name, or by its columns where they are given.

    Raises
    ------
    MappingError
        If more than one fits.
    """
    fitting = [m for m in shipped_mappings() if m.kind == kind and _fits(m, file, columns)]
    if len(fitting) > 1:
        names = ", ".join(mapping.name for mapping in fitting)
        raise MappingError(f"{file}: mappings {names} all fit; choose one with --mapping")
    return fitting[0] if fitting else None


def contract_mapping(kind: Kind, file: str, table: pl.DataFrame) -> Mapping:
    """Return the mapping of a file that uses our own column names.

    Raises
    ------
    MappingError
        If a column that may not be empty is absent.
    """
    contract = TABLES[kind].columns()
    ours = {name: {"source": name} for name in contract if name in table.columns}
    fields: dict[str, object] = {"name": "contract", "kind": kind, "columns": ours}
    hint = "" if ours else find_header(table, [TABLES[kind].primary_key()[0]])
    return _validate(
        f"{file}: no shipped mapping fits (`padan import {kind} --suggest` writes one){hint}, "
        "and with our own columns",
        fields,
    )


def find_header(
    table: pl.DataFrame, wanted: Collection[str], options: FileOptions | None = None
) -> str:
    """Return a hint where one of the first rows holds the names that the header should."""
    skipped = options.skip_rows if options else 0
    for number, cells in enumerate(table.head(20).iter_rows(), 1):
        if set(wanted) <= {squeeze(cell) for cell in cells if cell}:
            return f" (row {number} has it: skip_rows = {skipped + number})"
    return ""


def _fits(mapping: Mapping, file: str, columns: Sequence[str] | None) -> bool:
    if columns is None:
        return any(fnmatch(file.lower(), pattern.lower()) for pattern in mapping.match.files)
    return bool(mapping.match.columns) and set(mapping.match.columns) <= set(columns)


def _folder() -> Path:
    return Path(str(resources.files("training_data.importing") / "mappings"))


def _read(path: Path) -> Mapping:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{path.name}: not valid TOML: {error}") from error
    return _validate(path.name, {"name": path.stem, **content})


def _validate(where: str, fields: dict[str, object]) -> Mapping:
    try:
        return Mapping.model_validate(fields)
    except ValidationError as error:
        problems = [
            "".join(f"{part}." for part in p["loc"])[:-1]
            + f": {p['msg'].removeprefix('Value error, ')}"
            for p in error.errors()
        ]
        raise MappingError(
            f"{where}: {'; '.join(problem.removeprefix(': ') for problem in problems)}"
        ) from error
