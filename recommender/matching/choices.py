"""Lists of choices as people write them, and what providers think of who asks."""

from __future__ import annotations

import polars as pl

from recommender.matching.request import PAIR
from recommender.matching.settings import AllocateSettingsError
from training_data.columns import Classes, Participants

P, K = Participants, Classes


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
    if choices.select(PAIR).is_duplicated().any():
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
