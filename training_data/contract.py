"""Which rows keep a table's contract, and why the others do not: the same words for files and datasets."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import dataframely as dy
import polars as pl

from training_data.columns import PLAIN, PLAIN_IN_A_PATH, complete_columns

ROW: Final = "row"
PROBLEM_SCHEMA: Final = pl.Schema(
    {ROW: pl.UInt32, "column": pl.String, "reason": pl.String, "kind": pl.String}
)
"""``row`` counts from 0; ``kind`` is the reason without what the cell holds: by it reasons are counted."""

_RULES: Final = {
    "nullability": "is empty",
    "dtype": "is of another type",
    "min_length": "is too short",
    "max_length": "is too long",
    "inner_min_length": "holds an item that is too short",
    "inner_max_length": "holds an item that is too long",
    "inner_regex": "holds an item with a control character, or an id that may not be",
    "min": "is too small",
    "min_exclusive": "is too small",
    "max": "is too large",
    "nan": "is not a number",
    "inf": "is infinite",
    "dates_in_order": "the end comes before the beginning",
    "registration_in_order": "registration ends before it begins",
    "seats_left_within_seats": "more seats are left than there are",
}
_PATTERNS: Final = {
    PLAIN: "holds a control character",
    PLAIN_IN_A_PATH: "holds '/' or a control character, or dots alone, which no address can hold; "
    "`replace` in the mapping writes others in their place",
}


class Reason(NamedTuple):
    """A reason without what the cells hold, how many cells it is about, the first in full and its row."""

    kind: str
    rows: int
    example: str
    row: int  # from 1


class SplitRows(NamedTuple):
    """Rows that keep a contract, the others as they were with a ``reason``, and what is wrong cell by cell."""

    good: pl.DataFrame
    bad: pl.DataFrame
    problems: pl.DataFrame


def split_rows(schema: type[dy.Schema], rows: pl.DataFrame) -> SplitRows:
    """Return which rows can be used; of several with one key the first.

    Raises
    ------
    dataframely.exc.SchemaError
        If a column is absent that may not be empty.
    """
    complete = complete_columns(schema, rows)
    good, failed = schema.filter(complete, cast=True)
    if not len(failed):
        none = rows.clear().with_columns(pl.lit("").alias("reason"))
        return SplitRows(good, none, pl.DataFrame(schema=PROBLEM_SCHEMA))
    numbered = complete.with_row_index(ROW).cast({ROW: pl.UInt32})
    problems = find_problems(numbered, schema)
    clean = numbered.join(problems, on=ROW, how="anti")
    doubled = find_doubled(clean, schema.primary_key(), "first")
    problems = pl.concat([problems, doubled])
    good = schema.validate(clean.join(doubled, on=ROW, how="anti").drop(ROW), cast=True)
    bad = numbered.select(ROW, *rows.columns).join(tell_by_row(problems), on=ROW)
    return SplitRows(good, bad.sort(ROW).drop(ROW, "columns"), problems)


def find_problems(table: pl.DataFrame, schema: type[dy.Schema]) -> pl.DataFrame:
    """Return the rules that numbered rows break; doubled keys are not looked at here."""
    # With the row number as part of the key no key is doubled, and the failures keep their row.
    numbered: type[dy.Schema] = type("Numbered", (schema,), {ROW: dy.UInt32(primary_key=True)})
    details = numbered.filter(table, cast=True)[1].details()
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
            pl.col("rule").replace(reasons).alias("kind"),
        )
        .cast(PROBLEM_SCHEMA)
    )


def find_doubled(
    table: pl.DataFrame, key: list[str], keep: Literal["first", "last"]
) -> pl.DataFrame:
    """Return the numbered rows whose key another row has, and which row that is."""
    kept = pl.col(ROW).first() if keep == "first" else pl.col(ROW).last()
    return (
        table.select(ROW, kept.over(key).alias("kept"))
        .filter(pl.col(ROW) != pl.col("kept"))
        .select(
            ROW,
            pl.lit(key[0]).alias("column"),
            pl.format("is the same as in row {}, which is kept", pl.col("kept") + 1).alias(
                "reason"
            ),
            pl.lit("is the same as in another row").alias("kind"),
        )
        .cast(PROBLEM_SCHEMA)
    )


def tell_by_row(problems: pl.DataFrame) -> pl.DataFrame:
    """Return for each row with a problem the ``columns`` and the whole ``reason``."""
    said = pl.when(pl.col("column") == "").then("reason")
    return problems.group_by(ROW, maintain_order=True).agg(
        pl.col("column").unique(maintain_order=True).str.join(", ").alias("columns"),
        said.otherwise(pl.format("{}: {}", "column", "reason")).str.join("; ").alias("reason"),
    )


def count_reasons(problems: pl.DataFrame) -> list[Reason]:
    """Return why rows were refused, the commonest first; a row may have several reasons."""
    told = pl.when(pl.col("column") == "").then(pl.lit("")).otherwise(pl.col("column") + ": ")
    counts = (
        problems.select(
            (told + pl.col("kind")).alias("kind"), (told + pl.col("reason")).alias("reason"), ROW
        )
        .group_by("kind", maintain_order=True)
        .agg(pl.len(), pl.col("reason").first(), pl.col(ROW).first() + 1)
        .sort("len", descending=True, maintain_order=True)
    )
    return [Reason(*row) for row in counts.iter_rows()]


def _reason(rule: str, schema: type[dy.Schema]) -> str:
    column, _, name = rule.rpartition("|")
    limit = getattr(schema.columns().get(column), name, None)
    if name == "regex":
        return _PATTERNS[str(limit)]
    if name == "max_length" and isinstance(schema.columns()[column], dy.List):
        return f"has more than {limit} items"
    words = _RULES.get(name, f"breaks the rule {name}")
    return words if limit is None or name == "dtype" else f"{words} ({name} {limit})"
