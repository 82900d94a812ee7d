"""A first mapping for a file that nobody has mapped, from its headers and what its cells hold."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final, Literal

import polars as pl
from rapidfuzz import fuzz

from training_data.columns import TABLES
from training_data.importing.conversion import convert
from training_data.importing.csv_rows import find_unmarked
from training_data.importing.mapping import Column, FileOptions, Kind, Mapping, ParserName
from training_data.importing.reading import read_file
from training_data.importing.source import Source, SourceError
from training_data.regions import RegionTable
from training_data.text import normalise

SAMPLE: Final = 200  # rows whose cells are tried
LEAST_LIKENESS: Final = 0.72  # of a header, with what its cells say
SURE: Final = 0.9
_SEPARATORS: Final = (",", ";", "\t", "|")
_PARSERS: Final[dict[str, ParserName]] = {
    "price_idr": "price",
    "balance_idr": "price",
    "duration_hours": "duration_hours",
    "placement_rate": "percent",
}
_PATH: Final = re.compile(r"[^\s.]+(\.[^\s.]+)+")  # of a field of a record within a record
_TELLING: Final = (
    "title",
    "provider_id",
    "region_code",
    "participant_id",
    "course_id",
    "kind",
    "at",
)
_STANDING_IN: Final = {
    "mode": "webinar", "price_idr": "0", "openings": "1", "profiling_opt_out": "false",
    "kind": "purchase",
}  # fmt: skip


def suggest_mapping(path: Path, kind: Kind, regions: RegionTable) -> str:
    """Return a mapping in TOML with its doubts as comments.

    Raises
    ------
    SourceError
        If the file cannot be read in any way.
    """
    options, source = _find_options(path)
    table = source.table.head(SAMPLE)
    found = _match_columns(table, kind, regions)
    return "\n".join(_write(path, kind, options, table, found)) + "\n"


def _find_options(path: Path) -> tuple[FileOptions, Source]:
    """Return the options under which a file has the most columns with a name."""
    tried: list[tuple[FileOptions, Source]] = []
    refusal: SourceError | None = None
    is_csv = path.suffix.lower() == ".csv" and path.is_file()
    for encoding in _list_encodings(path) if is_csv else (None,):
        for separator in _SEPARATORS if is_csv else (",",):
            for skip_rows in range(4) if path.suffix.lower() in (".csv", ".xlsx") else (0,):
                options = FileOptions(encoding=encoding, separator=separator, skip_rows=skip_rows)
                try:
                    tried.append((options, read_file(path, options)))
                except SourceError as error:
                    refusal = refusal or error
        if tried and min(source.broken.height for _, source in tried) == 0:
            break
    if not tried:
        raise refusal or SourceError(f"{path}: cannot be read")
    return max(tried, key=lambda one: (_named(one[1]), -one[1].broken.height))


def _list_encodings(path: Path) -> tuple[str | None, ...]:
    unmarked = find_unmarked(path)
    return (unmarked,) if unmarked else (None, "cp1252")


def _named(source: Source) -> int:
    return sum(not name.startswith("column ") for name in source.table.columns)


def _match_columns(
    table: pl.DataFrame, kind: Kind, regions: RegionTable
) -> dict[str, tuple[str, float]]:
    """Return for our columns the source's column and how like it is, each used once."""
    likenesses = sorted(
        (
            (_liken(table, source, target, kind, regions), target, source)
            for target in TABLES[kind].columns()
            for source in table.columns
        ),
        reverse=True,
    )
    found: dict[str, tuple[str, float]] = {}
    for likeness, target, source in likenesses:
        taken = target in found or source in {name for name, _ in found.values()}
        if likeness >= LEAST_LIKENESS and not taken:
            found[target] = (source, likeness)
    return found


def _liken(
    table: pl.DataFrame, source: str, target: str, kind: Kind, regions: RegionTable
) -> float:
    header = normalise(source.rpartition(".")[2] if _PATH.fullmatch(source) else source)
    words = [normalise(target), *_words()[kind].get(target, [])]
    by_name = max(
        max(fuzz.ratio(header, word), 0.95 * fuzz.token_set_ratio(header, word)) for word in words
    )
    if by_name < 60:
        return 0.0
    return 0.8 * by_name / 100 + 0.2 * _share_read(table, source, target, kind, regions)


def _share_read(
    table: pl.DataFrame, source: str, target: str, kind: Kind, regions: RegionTable
) -> float:
    """Return the share of cells that the target's parser reads."""
    cells = table.select(pl.col(source).alias("cell")).drop_nulls()
    dtype = TABLES[kind].columns()[target].dtype
    if cells.is_empty() or isinstance(dtype, pl.Enum):
        return 0.5
    spec = Column.model_validate({"source": "cell", **_parser(target, source)})
    mapping = Mapping.model_construct(name="", kind=kind, columns={target: spec})
    problems = convert(cells, mapping, regions).problems.filter(pl.col("column") == target)
    return 1 - problems["row"].n_unique() / cells.height


def _parser(target: str, source: str) -> dict[str, str]:
    """Return the parser of a column; hours under a header that says JP are teaching hours."""
    if target == "duration_hours" and {"jp", "jpl"} & {*normalise(source).split()}:
        return {"parser": "duration_jp"}
    return {"parser": _PARSERS[target]} if target in _PARSERS else {}


def _write(
    path: Path,
    kind: Kind,
    options: FileOptions,
    table: pl.DataFrame,
    found: dict[str, tuple[str, float]],
) -> Iterator[str]:
    yield f"# A first mapping of {_plain(path.name)}. Look at the lines with a question mark."
    yield f'kind = "{kind}"'
    for key, value in options.model_dump(exclude_defaults=True).items():
        yield f"{key} = {_toml(value)}"
    yield "\n[columns]"
    key = TABLES[kind].primary_key()[0]
    if key not in found:
        telling = [found[name][0] for name in _TELLING if name in found] or table.columns[:3]
        names = _toml(telling)
        yield f'{key} = {{ source = {names}, parser = "hash" }}   # ? no column looks like an id'
    for target, (source, likeness) in found.items():
        parts = {"source": source, **_parser(target, source)}
        inner = ", ".join(f"{k} = {_toml(v)}" for k, v in parts.items())
        value = _toml(source) if len(parts) == 1 else f"{{ {inner} }}"
        yield f"{target} = {value}" + ("" if likeness >= SURE else "   # ? a guess by its name")
    unused = [name for name in table.columns if name not in {one for one, _ in found.values()}]
    if unused:
        yield f"# not used: {_plain(', '.join(unused))}"
    yield from _write_constants(kind, {key, *found}, path)
    for target, (source, _) in found.items():
        if isinstance(TABLES[kind].columns()[target].dtype, pl.Enum):
            yield from _write_values(kind, target, table[source])


def _toml(value: object) -> str:
    """Write a value as TOML does: as JSON, which leaves one control character as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    """Return a text that a comment may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _write_constants(kind: Kind, found: set[str], path: Path) -> Iterator[str]:
    """Write what may not be empty and no column of the source is like."""
    contract = TABLES[kind].columns()
    needed = [n for n, c in contract.items() if not c.nullable and c.dtype != pl.List]
    absent = [name for name in needed if name not in found]
    if absent:
        yield "\n[constants]"
    for name in absent:
        value = _STANDING_IN.get(name, path.stem)
        yield f"{name} = {_toml(value)}   # ? no column of the file looks like it"


def _write_values(kind: Kind, target: str, cells: pl.Series) -> Iterator[str]:
    """Write what each word of the source may mean; one that is not known is left to a person."""
    ours = TABLES[kind].columns()[target].dtype.categories.to_list()  # type: ignore[attr-defined]
    known = {
        normalise(word): value
        for value in ours
        for word in [value, *_words()["values"].get(value, [])]
    }
    words = cells.drop_nulls().unique(maintain_order=True).to_list()
    if all(normalise(word) in {normalise(value) for value in ours} for word in words):
        return
    yield f"\n[enumerations.{target}]"
    for word in words[:30]:
        value = known.get(normalise(word))
        key = _toml(word)
        yield f'{key} = "{value or ""}"' + ("" if value else f"   # ? one of {', '.join(ours)}")


@cache
def _words() -> dict[Literal["values"] | Kind, dict[str, list[str]]]:
    file = resources.files("training_data.importing") / "header_words.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))  # type: ignore[return-value]
