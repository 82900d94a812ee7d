"""A table of text to the contract's columns and types, with a reason for every cell refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from training_data.columns import TABLES
from training_data.importing import parsers
from training_data.importing.mapping import Column, Mapping, ParserName
from training_data.importing.parsers import UnparsableError, Value
from training_data.regions import RegionTable
from training_data.text import normalise

ROW: Final = "row"
PROBLEM_SCHEMA: Final = pl.Schema({ROW: pl.UInt32, "column": pl.String, "reason": pl.String})

_BY_TYPE: Final[dict[type[pl.DataType], ParserName]] = {
    pl.Int32: "integer", pl.Int64: "integer", pl.Float64: "number", pl.Boolean: "boolean",
    pl.Date: "date", pl.Datetime: "datetime", pl.List: "list",
}  # fmt: skip
_PLAIN_PARSERS: Final[dict[ParserName, Callable[[str], Value]]] = {
    "price": parsers.parse_price,
    "percent": parsers.parse_percent,
    "number": parsers.parse_number,
    "integer": parsers.parse_integer,
    "boolean": parsers.parse_boolean,
    "date": parsers.parse_date,
    "duration_hours": parsers.parse_duration_hours,
    "duration_minutes": parsers.parse_duration_minutes,
    "duration_jp": parsers.parse_duration_jp,
}
_ID_HEX_DIGITS: Final = 16


@dataclass
class Conversion:
    """The typed table, row by row as the source, and what went wrong or was assumed on the way.

    Attributes
    ----------
    table : DataFrame
        The contract's columns and types; null where a cell could not be used.
    problems : DataFrame
        ``row`` (position in the source, from 0), ``column``, ``reason``; several a row may stand.
    assumed : dict of str to Series
        By column, for each row whether its cell holds an assumption of the mapping.
    """

    table: pl.DataFrame
    problems: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PROBLEM_SCHEMA))
    assumed: dict[str, pl.Series] = field(default_factory=dict)

    def refuse(self, column: str, reasons: pl.Series) -> None:
        """Note the rows where ``reasons`` is not null."""
        found = pl.DataFrame({"reason": reasons}).with_row_index(ROW).drop_nulls("reason")
        found = found.select(ROW, pl.lit(column).alias("column"), "reason")
        self.problems = pl.concat([self.problems, found])


def convert(raw: pl.DataFrame, mapping: Mapping, regions: RegionTable) -> Conversion:
    """Bring a source's text columns into the columns and types of the mapping's contract."""
    result = Conversion(pl.DataFrame())
    columns = {}
    for target, contract in TABLES[mapping.kind].columns().items():
        spec = mapping.columns.get(target)
        text = (
            _source_text(raw, spec)
            if spec
            else _constant(mapping.constants.get(target), raw.height)
        )
        text = _translated(text, target, mapping, result)
        values = _parsed(raw, text, target, spec, contract.dtype, result, regions)
        columns[target] = values.fill_null([]) if contract.dtype == pl.List else values
    result.table = pl.DataFrame(columns)
    return result


def _constant(value: str | None, height: int) -> pl.Series:
    return pl.Series([value], dtype=pl.String).new_from_index(0, height)


def _source_text(raw: pl.DataFrame, spec: Column) -> pl.Series:
    """Join the source columns that are there, each text once; null where all are empty."""
    cells = [
        pl.col(name) if name in raw.columns else pl.lit(None, pl.String) for name in spec.source
    ]
    blank = pl.element().is_in(list(spec.missing))
    parts = pl.concat_list(
        cell.str.replace_all(r"[ \t\u{a0}]+", " ").str.strip_chars(" \n\r" + spec.strip)
        for cell in cells
    ).list.eval(pl.element().filter(pl.element().is_not_null() & (pl.element() != "") & ~blank))
    joined = parts.list.unique(maintain_order=True).list.join(spec.join)
    prefix = "" if spec.parser in ("hash", "name") else spec.prefix
    return raw.select(pl.when(parts.list.len() > 0).then(pl.lit(prefix) + joined).alias("text"))[
        "text"
    ]


def _translated(text: pl.Series, target: str, mapping: Mapping, result: Conversion) -> pl.Series:
    """Apply the column's enumeration and assumptions, whatever the case, spaces and punctuation."""
    listed = _keyed(mapping.enumerations.get(target, {}))
    guessed = _keyed(mapping.assumptions.get(target, {}))
    if not listed and not guessed:
        return text
    keys = text.map_elements(_key, return_dtype=pl.String).fill_null("")
    known = {**guessed, **listed}
    translated = {}
    for key in keys.unique():
        entry = _entry(key, known)
        if entry in known:
            translated[key] = known[entry]
    if listed:
        unlisted = ~keys.is_in(list(translated)) & (keys != "")
        result.refuse(target, _where(unlisted, text, "the mapping's enumeration does not list {}"))
    if guessed:
        guesses = [k for k, ours in translated.items() if ours and _entry(k, known) not in listed]
        result.assumed[target] = keys.is_in(guesses)
    changed = keys.is_in(list(translated))
    new = keys.replace_strict(translated, default=None, return_dtype=pl.String)
    return pl.select(pl.when(changed).then(pl.when(new != "").then(new)).otherwise(text))[:, 0]


def _entry(key: str, known: dict[str, str]) -> str:
    """Return the entry that speaks for a text; ``*`` does not speak for an empty cell."""
    return key if key in known or not key else "*"


def _keyed(values: dict[str, str]) -> dict[str, str]:
    return {"" if not raw else _key(raw): ours for raw, ours in values.items()}


def _key(text: str) -> str:
    return normalise(text) or text.strip()


def _where(mask: pl.Series, text: pl.Series, message: str) -> pl.Series:
    return pl.select(pl.when(mask).then(pl.format(message, pl.lit(text))))[:, 0]


def _parsed(
    raw: pl.DataFrame,
    text: pl.Series,
    target: str,
    spec: Column | None,
    dtype: pl.DataType,
    result: Conversion,
    regions: RegionTable,
) -> pl.Series:
    spec = spec or Column(source=(target,))
    name = spec.parser or _BY_TYPE.get(type(dtype), "text")
    if name == "hash":
        return text.map_elements(lambda t: spec.prefix + _digest(t), return_dtype=pl.String)
    if name == "region":
        return _region_codes(raw, text, target, spec, result, regions)
    if name == "name":
        return _first_spelling(text)
    if name == "text":
        return _as_type(text, target, dtype, result)
    values, reasons = _by_distinct(text, _parser(name, spec), dtype)
    result.refuse(target, reasons)
    if spec.discount:
        result.refuse(target, _contradictions(values, raw[spec.discount]))
    return values


def _parser(name: ParserName, spec: Column) -> Callable[[str], Value]:
    if name == "list":
        return lambda text: parsers.parse_list(text, spec.separator)
    if name == "datetime":
        return lambda text: parsers.parse_datetime(text, spec.time_zone)
    return _PLAIN_PARSERS[name]


def _by_distinct(
    text: pl.Series, parse: Callable[[str], Value], dtype: pl.DataType
) -> tuple[pl.Series, pl.Series]:
    """Parse each distinct text once; return the values and the reasons of those without one."""
    distinct = text.drop_nulls().unique()
    values: list[Value | None] = []
    reasons: list[str | None] = []
    for item in distinct:
        try:
            values.append(parse(item))
            reasons.append(None)
        except UnparsableError as error:
            values.append(None)
            reasons.append(str(error))
    lookup = pl.DataFrame(
        {
            "text": distinct,
            "value": pl.Series(values, dtype=dtype),
            "reason": pl.Series(reasons, dtype=pl.String),
        }
    )
    found = text.to_frame("text").join(lookup, on="text", how="left", maintain_order="left")
    return found["value"], found["reason"]


def _contradictions(prices: pl.Series, discounts: pl.Series) -> pl.Series:
    """Return why a price cannot be right beside the discount it already has.

    No discount beside no price is no contradiction: the training was free before.
    """
    shares, reasons = _by_distinct(discounts, parsers.parse_discount, pl.Float64())
    price, share = pl.lit(prices), pl.lit(shares)
    return pl.select(
        pl.when((share == 1) & (price > 0))
        .then(pl.lit("a price stands beside a discount of 100%"))
        .when((share > 0) & (share < 1) & (price == 0))
        .then(pl.format("it is free, but the discount is {}", pl.lit(discounts)))
        .otherwise(pl.lit(reasons))
    )[:, 0]


def _digest(text: str) -> str:
    return hashlib.sha256(normalise(text).encode()).hexdigest()[:_ID_HEX_DIGITS]


def _first_spelling(text: pl.Series) -> pl.Series:
    """Let names that differ only in case, spaces or punctuation take their first spelling."""
    frame = pl.DataFrame({"text": text, "key": text.map_elements(_key, return_dtype=pl.String)})
    return frame.select(pl.col("text").first().over("key"))["text"]


def _as_type(text: pl.Series, target: str, dtype: pl.DataType, result: Conversion) -> pl.Series:
    if not isinstance(dtype, pl.Enum):
        return text
    allowed = dtype.categories
    unknown = text.is_not_null() & ~text.is_in(allowed)
    result.refuse(target, _where(unknown, text, f"{{}} is not one of {', '.join(allowed)}"))
    return text.cast(dtype, strict=False)


def _region_codes(
    raw: pl.DataFrame,
    text: pl.Series,
    target: str,
    spec: Column,
    result: Conversion,
    regions: RegionTable,
) -> pl.Series:
    provinces = raw[spec.province] if spec.province else None
    codes = pl.Series(regions.resolve(text, provinces), dtype=pl.String)
    unknown = text.is_not_null() & codes.is_null()
    result.refuse(
        target, _where(unknown, text, "{} is no region of the region table, or of more than one")
    )
    return codes
