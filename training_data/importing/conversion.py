"""A table of text to the contract's columns and types, with a reason for every cell refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from training_data.columns import TABLES
from training_data.contract import PROBLEM_SCHEMA, ROW
from training_data.importing import parsers
from training_data.importing.html_text import MARKUP, strip_markup
from training_data.importing.mapping import Column, Mapping, ParserName
from training_data.importing.parsers import UnparsableError, Value
from training_data.importing.source import squeeze
from training_data.regions import RegionTable
from training_data.text import normalise

REGION: Final = "region_code"
_FREE_TEXT: Final = "description"
_ELSE: Final = "…"

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
_HASH_HEX_DIGITS: Final = 16


@dataclass(frozen=True)
class Conversion:
    """The typed table, row by row as the source, and what went wrong or was assumed on the way.

    Attributes
    ----------
    table : DataFrame
        The contract's columns and types; null where a cell could not be used.
    problems : DataFrame
        ``row`` (in the source, from 0), ``column``, ``reason``, ``kind``; a row may stand several times,
        a cell once.
    assumed : dict of str to Series
        By column, for each row whether its cell holds an assumption of the mapping.
    notes : list of str
        What a person should know of how the cells were read.
    """

    table: pl.DataFrame
    problems: pl.DataFrame
    assumed: dict[str, pl.Series]
    notes: list[str]


def convert(raw: pl.DataFrame, mapping: Mapping, regions: RegionTable) -> Conversion:
    """Bring a source's text columns into the columns and types of the mapping's contract."""
    work = _Work(raw, mapping, regions)
    table = pl.DataFrame(
        {
            target: work.column(target, contract.dtype)
            for target, contract in TABLES[mapping.kind].columns().items()
        }
    )
    return Conversion(
        work.fill_coordinates(table), pl.concat(work.problems), work.assumed, work.notes
    )


@dataclass
class _Work:
    """One conversion under way: it collects problems and assumptions column by column."""

    raw: pl.DataFrame
    mapping: Mapping
    regions: RegionTable
    problems: list[pl.DataFrame] = field(
        default_factory=lambda: [pl.DataFrame(schema=PROBLEM_SCHEMA)]
    )
    assumed: dict[str, pl.Series] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    regions_named: pl.Series | None = None

    def column(self, target: str, dtype: pl.DataType) -> pl.Series:
        spec = self.mapping.columns.get(target)
        if spec is None:
            constant = pl.Series([self.mapping.constants.get(target)], dtype=pl.String)
            text = constant.new_from_index(0, self.raw.height)
        elif spec.parser == "hash":
            text = _hash_cells(self._tidy_cells(spec), spec.prefix)
        else:
            text = _join_cells(self._tidy_cells(spec), spec)
            text = self._clean(target, text) if dtype == pl.String else text
        text = self._translate(target, text)
        values = self._parse(target, text, spec or Column(source=(target,)), dtype)
        return values.fill_null([]) if dtype == pl.List else values

    def _tidy_cells(self, spec: Column) -> list[pl.Series]:
        """Return the source columns without what is stripped, replaced or means: not known."""
        tidied = []
        # where spaces part the items of a list they count
        counts = "  " in spec.separator or any("  " in old for old in spec.replace)
        for name in spec.source:
            cell = pl.col(name)
            cell = cell if counts else cell.str.replace_all(r"[ \t\u{a0}]+", " ")
            cell = cell.str.strip_chars(" \n\r" + spec.strip)
            for old, new in spec.replace.items():
                cell = cell.str.replace_all(old, new, literal=True)
            nothing = ["", *spec.missing, *self.mapping.missing]
            tidied.append(self.raw.select(pl.when(~cell.is_in(nothing)).then(cell).alias(name)))
        return [frame.to_series() for frame in tidied]

    def _clean(self, target: str, text: pl.Series) -> pl.Series:
        """Take out tags and control characters, and line breaks from all but descriptions."""
        marked = text.str.contains(MARKUP).fill_null(False)
        if marked.any():
            self.notes.append(f"{target}: HTML was taken out of {marked.sum()} cells")
            stripped = _by_distinct(text.filter(marked), strip_markup)
            text = text.scatter(marked.arg_true(), stripped)
        return _on_one_line(text) if target != _FREE_TEXT else _without_controls(text)

    def _refuse(self, target: str, reasons: pl.DataFrame) -> None:
        """Note the rows whose ``reason`` is not null."""
        found = reasons.with_row_index(ROW).drop_nulls("reason")
        self.problems.append(
            found.select(ROW, pl.lit(target).alias("column"), "reason", "kind").cast(PROBLEM_SCHEMA)
        )

    def _translate(self, target: str, text: pl.Series) -> pl.Series:
        """Apply enumeration and assumptions, whatever the case, spaces and punctuation."""
        listed = _normalise_keys(self.mapping.enumerations.get(target, {}))
        guessed = _normalise_keys(self.mapping.assumptions.get(target, {}))
        if not listed and not guessed:
            return text
        known = {**guessed, **listed}
        keys = _by_distinct(text, _key).fill_null("")
        entries = {key: _entry(key, known) for key in keys.unique()}
        new = {key: known[entry] for key, entry in entries.items() if entry in known}
        if listed:
            unlisted = ~keys.is_in([*new, *self._list_own_words(target)]) & (keys != "")
            self._refuse(target, _where(unlisted, text, "the enumeration does not list {}"))
            text = pl.select(pl.when(~unlisted).then(text))[:, 0]
        if guessed:
            guesses = [key for key, ours in new.items() if ours and entries[key] not in listed]
            self.assumed[target] = keys.is_in(guesses)
        ours = keys.replace_strict(new, default=None, return_dtype=pl.String)
        changed = pl.when(ours != "").then(ours)
        return pl.select(pl.when(keys.is_in(list(new))).then(changed).otherwise(text))[:, 0]

    def _list_own_words(self, target: str) -> list[str]:
        """Return the words of the contract that a column may have as they are."""
        dtype = TABLES[self.mapping.kind].columns()[target].dtype
        return list(map(normalise, dtype.categories)) if isinstance(dtype, pl.Enum) else []

    def _parse(self, target: str, text: pl.Series, spec: Column, dtype: pl.DataType) -> pl.Series:
        name = spec.parser or ("region" if target == REGION else _BY_TYPE.get(type(dtype), "text"))
        match name:
            case "hash":
                return text
            case "name":
                return _first_spelling(text)
            case "region":
                self.regions_named = text
                within = self._province(spec.province) if spec.province else None
                values = self.regions.resolve(text, within)
                lost = text.is_not_null() & values.is_null()
                reasons = _where(lost, text, "{} is no region, or may be more than one")
            case "text" if isinstance(dtype, pl.Enum):
                values = _choose(text, dtype)
                lost = text.is_not_null() & values.is_null()
                reasons = _where(lost, text, f"{{}} is not one of {', '.join(dtype.categories)}")
            case "text":
                return text
            case _:
                values, reasons = _parse_distinct(text, _parser(name, spec), dtype)
        self._refuse(target, reasons)
        if spec.discount:
            self._refuse(target, _contradictions(values, self.raw[spec.discount]))
        return values

    def fill_coordinates(self, table: pl.DataFrame) -> pl.DataFrame:
        """Say where the district of a participant lies, where it is named and no coordinates are told."""
        if self.regions_named is None or self.mapping.kind != "participants":
            return table
        districts = self.regions.locate_districts(self.regions_named, table[REGION])
        untold = pl.all_horizontal(pl.col(name).is_null() for name in districts.columns)
        return table.with_columns(
            pl.when(untold).then(districts[name]).otherwise(name).alias(name)
            for name in districts.columns
        )

    def _province(self, name: str) -> pl.Series:
        """Return the column of provinces; a mark such as "-" and the file's missing texts are none."""
        told = ~self.raw[name].is_in(list(self.mapping.missing)) & (
            _by_distinct(self.raw[name], normalise) != ""
        )
        return self.raw.select(pl.when(told).then(pl.col(name)))[name]


def _join_cells(cells: list[pl.Series], spec: Column) -> pl.Series:
    """Join the source columns, each text once; null where all are empty."""
    parts = pl.select(pl.concat_list(cells).list.drop_nulls().list.unique(maintain_order=True))
    joined = parts[:, 0].list.join(spec.join)
    prefix = "" if spec.parser == "list" else spec.prefix
    return pl.select(pl.when(parts[:, 0].list.len() > 0).then(pl.lit(prefix) + joined))[:, 0]


def _hash_cells(cells: list[pl.Series], prefix: str) -> pl.Series:
    """Return an id that the source columns alone decide, whatever their case and punctuation."""
    parts = [_by_distinct(cell, normalise).fill_null("") for cell in cells]
    whole = pl.select(pl.concat_str(parts, separator="|"))[:, 0]
    empty = "|" * (len(parts) - 1)
    named = pl.select(pl.when(whole != empty).then(whole))[:, 0]
    return _by_distinct(named, lambda text: prefix + _digest(text))


def _on_one_line(text: pl.Series) -> pl.Series:
    return text.str.replace_all(r"\s+", " ").str.strip_chars()


def _without_controls(text: pl.Series) -> pl.Series:
    return text.str.replace_all(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "").str.strip_chars()


def _choose(text: pl.Series, dtype: pl.Enum) -> pl.Series:
    """Return the value that each text names, whatever its case and punctuation."""
    values = {normalise(value): value for value in dtype.categories}
    return _by_distinct(text, lambda one: values.get(normalise(one))).cast(dtype)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_HEX_DIGITS]


def _normalise_keys(values: dict[str, str]) -> dict[str, str]:
    return {_key(raw): ours for raw, ours in values.items()}


def _key(text: str) -> str:
    return normalise(text) or text.strip()


def _entry(key: str, known: dict[str, str]) -> str:
    """Return the entry that speaks for a text; ``*`` does not speak for an empty cell."""
    return key if key in known or not key else "*"


def _first_spelling(text: pl.Series) -> pl.Series:
    """Let names that differ only in case, spaces or punctuation take their first spelling."""
    frame = pl.DataFrame({"text": text, "key": _by_distinct(text, _key)})
    return frame.select(pl.col("text").first().over("key"))["text"]


def _where(mask: pl.Series, text: pl.Series, message: str) -> pl.DataFrame:
    """Return the message about each marked text, null elsewhere."""
    return pl.select(
        pl.when(mask).then(pl.format(message, text)).alias("reason"),
        pl.lit(message.replace("{}", _ELSE)).alias("kind"),
    )


def _by_distinct(text: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    """Return ``function`` of each text, called once for each distinct one."""
    distinct = text.drop_nulls().unique()
    new = pl.Series([function(item) for item in distinct], dtype=pl.String)
    return text.replace_strict(distinct, new, default=None, return_dtype=pl.String)


def _parse_distinct(
    text: pl.Series, parse: Callable[[str], Value], dtype: pl.DataType
) -> tuple[pl.Series, pl.DataFrame]:
    """Parse each distinct text once; return the values, and the reasons and kinds of those without one."""
    distinct = text.drop_nulls().unique()
    outcomes = [_outcome(parse, item) for item in distinct]
    wide = pl.Int64() if dtype.is_integer() else dtype
    values = pl.Series([value for value, _ in outcomes], dtype=wide).cast(dtype, strict=False)
    reasons = pl.Series([reason for _, reason in outcomes], dtype=pl.String)
    kinds = [
        reason and reason.replace(repr(item), _ELSE)
        for (_, reason), item in zip(outcomes, distinct, strict=True)
    ]
    lookup = pl.DataFrame(
        {
            "text": distinct,
            "value": values,
            "reason": reasons,
            "kind": pl.Series(kinds, dtype=pl.String),
        }
    )
    unfit = pl.col("value").is_null() & pl.col("reason").is_null()
    lookup = lookup.with_columns(
        pl.when(unfit)
        .then(pl.format("{} does not fit the column", "text"))
        .otherwise("reason")
        .alias("reason"),
        pl.when(unfit)
        .then(pl.lit(f"{_ELSE} does not fit the column"))
        .otherwise("kind")
        .alias("kind"),
    )
    found = text.to_frame("text").join(lookup, on="text", how="left", maintain_order="left")
    return found["value"], found.select("reason", "kind")


def _outcome(parse: Callable[[str], Value], text: str) -> tuple[Value | None, str | None]:
    try:
        return parse(text), None
    except UnparsableError as error:
        return None, str(error)


def _parser(name: ParserName, spec: Column) -> Callable[[str], Value]:
    if name == "list":
        return lambda text: [
            spec.prefix + item
            for item in map(_plain_item, parsers.parse_list(text, spec.separator))
            if item
        ]
    if name == "datetime":
        return lambda text: parsers.parse_datetime(text, spec.time_zone)
    if spec.times is not None:
        times = spec.times
        if name == "price":
            return lambda text: parsers.parse_foreign_price(text, times)
        return lambda text: parsers.parse_number(text) * times
    return _PLAIN_PARSERS[name]


def _plain_item(item: str) -> str:
    return squeeze(strip_markup(item) if re.search(MARKUP, item) else item)


def _contradictions(prices: pl.Series, discounts: pl.Series) -> pl.DataFrame:
    """Return why a price cannot be right beside the discount it already has.

    No discount beside no price is no contradiction: the training was free before.
    """
    shares, reasons = _parse_distinct(discounts, parsers.parse_discount, pl.Float64())
    for_all, free = "a price stands beside a discount of 100%", "it is free, but the discount is {}"
    dear, none = (shares == 1) & (prices > 0), (shares > 0) & (shares < 1) & (prices == 0)
    return reasons.select(
        pl.when(dear)
        .then(pl.lit(for_all))
        .when(none)
        .then(pl.format(free, discounts))
        .otherwise("reason")
        .alias("reason"),
        pl.when(dear)
        .then(pl.lit(for_all))
        .when(none)
        .then(pl.lit(free.replace("{}", _ELSE)))
        .otherwise("kind")
        .alias("kind"),
    )
