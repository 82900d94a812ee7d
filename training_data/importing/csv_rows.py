"""A CSV file, record by record: a bad one is set aside with its line, and the others are read."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from training_data.importing.source import Source, SourceBuilder, SourceError, is_readable

_SEPARATORS: Final = {";": ";", "\t": "\\t", "|": "|", ",": ","}
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class _Lines:
    """The lines of a file, where those of a record that went wrong can be read once more."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.record: list[str] = []
        self.number = 0  # of the line read last, from 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._file)
        self.record.append(line)
        self.number += 1
        return line

    def begin_record(self) -> None:
        self.record = []

    def rewind(self, kept: int) -> None:
        """Go back to where only ``kept`` lines of the record were read."""
        again = self.record[kept:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)


def read_csv(path: Path, separator: str, skip_rows: int, encoding: str | None) -> Source:
    """Read a CSV file; a line ``sep=;`` at its head goes before ``separator``.

    Parameters
    ----------
    encoding : str or None
        None: UTF-8, or UTF-16 where the file begins with its mark.

    Raises
    ------
    SourceError
        If there is no header, or no record could be told from another.
    """
    with path.open(
        encoding=encoding or _find_encoding(path), errors="surrogateescape", newline=""
    ) as file:
        lines = _Lines(file)
        separator = _take_head(lines, separator, skip_rows)
        header = _read_header(lines, path, separator)
        builder = SourceBuilder(header)
        for cells in _records(lines, separator, builder):
            _add(builder, cells, lines, separator)
            if builder.width == 1 and len(cells) > 1:
                number = lines.number
                raise SourceError(
                    f"{path}: the header {header[0]!r} has one cell, line {number} has {len(cells)}: "
                    "skip_rows in the mapping passes over lines above the header"
                )
    return builder.build()


def find_unmarked(path: Path) -> str | None:
    """Return the encoding of what looks like UTF-16 without its mark."""
    head = _read_head(path)
    if head.startswith(_UTF_16) or b"\0" not in head:
        return None
    return "utf-16-be" if head.startswith(b"\0") else "utf-16-le"


def _find_encoding(path: Path) -> str:
    if unmarked := find_unmarked(path):
        raise SourceError(
            f'{path}: looks like UTF-16 without its mark: encoding = "{unmarked}" in the mapping'
        )
    return "utf-16" if _read_head(path).startswith(_UTF_16) else "utf-8-sig"


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1000)


def _take_head(lines: _Lines, separator: str, skip_rows: int) -> str:
    """Pass over what stands above the header; return the separator, which the file itself may name."""
    named = _SEPARATOR_LINE.fullmatch(next(lines, ""))
    if named is None:
        lines.rewind(0)
    for _ in range(skip_rows):
        next(lines, None)
    return named[1] if named else separator


def _read_header(lines: _Lines, path: Path, separator: str) -> list[str]:
    lines.begin_record()
    try:
        header = next(
            (
                cells
                for cells in csv.reader(lines, delimiter=separator)
                if any(map(str.strip, cells))
            ),
            [],
        )
    except csv.Error as error:
        raise SourceError(f"{path}: line {lines.number}: {_explain(error)}") from error
    if not header:
        raise SourceError(f"{path}: the file has no header")
    if not is_readable(lines.record):
        raise SourceError(f"{path}: {_not_utf8(lines.number)}")
    other = next((c for c in _SEPARATORS if c != separator and c in header[0]), None)
    if len(header) == 1 and other:
        raise SourceError(
            f"{path}: line {lines.number} looks separated by {other!r}: "
            f'separator = "{_SEPARATORS[other]}" in the mapping'
        )
    return header


def _records(lines: _Lines, separator: str, builder: SourceBuilder) -> Iterator[list[str]]:
    """Yield the cells of each record; one that cannot be taken apart goes to the builder."""
    while True:
        reader = csv.reader(lines, delimiter=separator, strict=True)
        lines.begin_record()
        try:
            for cells in reader:
                yield cells
                lines.begin_record()
            return
        except csv.Error as error:
            if not lines.record:
                return
            lines.rewind(1)
            builder.add_broken(f"line {lines.number}: {_explain(error)}", lines.record[0])


def _add(builder: SourceBuilder, cells: list[str], lines: _Lines, separator: str) -> None:
    first = lines.number - len(lines.record) + 1
    whole = "".join(lines.record)
    if not is_readable(lines.record):
        builder.add_broken(_not_utf8(first), whole)
    elif len(cells) <= builder.width:
        builder.add(cells + [""] * (builder.width - len(cells)))
    elif not any(map(str.strip, cells[builder.width :])):
        builder.add(cells[: builder.width])
    else:
        builder.add_broken(
            f"line {first} has {len(cells)} cells, the header {builder.width}: "
            f"a cell that holds {separator!r} must stand in quotes",
            whole,
        )


def _not_utf8(line: int) -> str:
    return (
        f"line {line} holds bytes that are not of the file's encoding: "
        'encoding = "cp1252" in the mapping reads what older Excels write'
    )


def _explain(error: csv.Error) -> str:
    if "field larger" in str(error) or "unexpected end" in str(error):
        return "a quote is opened and not closed"
    if "expected after" in str(error):
        return "a quote within a quoted cell is not doubled"
    return str(error)
