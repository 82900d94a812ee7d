"""Lists of choices as people write them, and what providers think of who asks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from recommender.matching.settings import AllocateSettingsError
from training_data.columns import Classes, Participants

P, K = Participants, Classes
PAIR: Final = {P.participant_id.name: pl.String, K.class_id.name: pl.String}


def look_up_choices(
    choices: pl.DataFrame, ids: list[str], classes: pl.DataFrame, most: int
) -> pl.DataFrame:
    """Return ``person, class, rank, standing, place`` of the lists, by the rows of people and classes.

    Raises
    ------
    AllocateSettingsError
        If somebody or some class is not known, a class stands twice in a list, or a list is too long.
    """
    names = {P.participant_id.name: ids, K.class_id.name: classes[K.class_id.name].to_list()}
    for name, known in names.items():
        unknown = choices.filter(~pl.col(name).is_in(known))
        if unknown.height:
            raise AllocateSettingsError(f"choices: no {name} {unknown[name][0]!r}")
    if choices.select(list(PAIR)).is_duplicated().any():
        raise AllocateSettingsError("choices: a class stands twice in a list")
    person, class_ = names
    table = choices.with_columns(
        pl.col(person).replace_strict(ids, range(len(ids)), return_dtype=pl.Int64).alias("person"),
        pl.col(class_)
        .replace_strict(names[class_], range(classes.height), return_dtype=pl.Int64)
        .alias("class"),
        (pl.col("rank").rank("ordinal").over(person) - 1).cast(pl.Int64).alias("place"),
    )
    long = table.filter(pl.col("place") >= most)
    if long.height:
        raise AllocateSettingsError(
            f"choices: {long[person][0]!r} has more than {most}; see most_choices"
        )
    return table


def read_choices(path: Path) -> pl.DataFrame:
    """Read a table ``participant_id, class_id, rank`` and, where providers told it, ``standing``.

    Raises
    ------
    AllocateSettingsError
        If the file is not there, is no Parquet, lacks a column, or a rank is missing.
    """
    schema = PAIR | {"rank": pl.Int64, "standing": pl.Float64}
    try:
        rows = pl.read_parquet(path)
        if "standing" not in rows.columns:
            rows = rows.with_columns(pl.lit(None).alias("standing"))
        rows = rows.select(pl.col(name).cast(kind) for name, kind in schema.items())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise AllocateSettingsError(f"{path}: {error}") from error
    if rows.drop("standing").null_count().sum_horizontal()[0]:
        raise AllocateSettingsError(f"{path}: a participant_id, class_id or rank is missing")
    return rows
