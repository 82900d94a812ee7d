"""What is read from a file: a table of text, and the rows that have no cells to speak of."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from training_data.contract import ROW

BROKEN_SCHEMA: Final = pl.Schema({ROW: pl.UInt32, "reason": pl.String, "raw": pl.String})
_CHUNK: Final = 20_000
_EXACT: Final = 1e15  # below it every whole number has a float of its own


class SourceError(ValueError):
    """A source file that cannot be read; the message names the file and what to do."""


@dataclass(frozen=True)
class Source:
    """One file as it was read.

    Attributes
    ----------
    table : DataFrame
        Text, one column a source column, one row a record; null where a cell is empty.
    broken : DataFrame
        ``row`` (from 0), ``reason`` and ``raw``: records without usable cells. Their row of the table is empty.
    notes : tuple of str
        What a person should know of how it was read.
    """

    table: pl.DataFrame
    broken: pl.DataFrame
    notes: tuple[str, ...] = ()


class SourceBuilder:
    """Collects records one after the other into columns.

    Parameters
    ----------
    header : sequence of str
        As written; an empty one is called "column 3" by its place, a repeated one "Nama (2)".
    """

    def __init__(self, header: Sequence[str]) -> None:
        self._names = name_columns(header)
        self._rows: list[Sequence[str | None]] = []
        self._chunks = [pl.DataFrame(schema=dict.fromkeys(self._names, pl.String))]
        self._broken: list[tuple[int, str, str]] = []
        self._height = 0

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self._names)

    def add(self, cells: Sequence[str | None]) -> None:
        """Add a record of as many cells as there are columns."""
        self._rows.append(cells)
        self._height += 1
        if len(self._rows) == _CHUNK:
            self._flush()

    def add_broken(self, reason: str, raw: str) -> None:
        """Add a record that cannot be taken apart."""
        readable = raw.encode(errors="backslashreplace").decode()
        self._broken.append((self._height, reason, readable))
        self.add([None] * self.width)

    def build(self, notes: Iterable[str] = ()) -> Source:
        """Return what was collected."""
        self._flush()
        broken = pl.DataFrame(self._broken, schema=BROKEN_SCHEMA, orient="row")
        return Source(tidy(pl.concat(self._chunks)), broken, tuple(notes))

    def _flush(self) -> None:
        if self._rows:
            columns = zip(*self._rows, strict=True)
            series = [
                pl.Series(name, column, dtype=pl.String)
                for name, column in zip(self._names, columns, strict=True)
            ]
            self._chunks.append(pl.DataFrame(series))
            self._rows = []


def tidy(table: pl.DataFrame) -> pl.DataFrame:
    """White space off both ends of cells, one kind of line break; an empty cell is null."""
    if not table.width:
        return table
    return table.with_columns(
        pl.all().str.replace_all("\r\n", "\n", literal=True).str.strip_chars()
    ).with_columns(pl.when(pl.all() != "").then(pl.all()))


def name_columns(header: Sequence[str]) -> list[str]:
    """Return a name of its own for each column."""
    names: list[str] = []
    for place, written in enumerate(header, 1):
        name = bare = squeeze(written) or f"column {place}"
        number = 1
        while name in names:
            number += 1
            name = f"{bare} ({number})"
        names.append(name)
    return names


def squeeze(text: str) -> str:
    """Return a text on one line, with single spaces."""
    return " ".join(text.split())


def as_text(value: object) -> str | None:
    """Return a typed value as a text that no parser takes for another value; NaN is nothing.

    A number with three decimals gets a fourth, so that they are never read as thousands.
    """
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case float():
            return _number_as_text(value)
        case int():
            return str(value)
        case Decimal():
            whole = value.is_finite() and value == value.to_integral_value()
            return str(int(value)) if whole else _number_as_text(float(value))
        case bytes():
            return value.decode(errors="surrogateescape")
        case dt.date() | dt.time():
            return value.isoformat()
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def is_readable(texts: Iterable[str]) -> bool:
    """Whether every byte had a meaning in the source's encoding."""
    try:
        for text in texts:
            if not text.isascii():
                text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number_as_text(number: float) -> str | None:
    if math.isnan(number):
        return None
    if number.is_integer() and abs(number) < _EXACT:
        return str(int(number))
    text = repr(number)
    _, _, decimals = text.partition(".")
    return text + "0" if len(decimals) == 3 and decimals.isdigit() else text
