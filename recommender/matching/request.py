"""Who asks for which classes, and what was decided before: the tables, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from recommender.matching.settings import AllocateSettingsError
from training_data.columns import Classes, Interactions, Participants
from training_data.dataset import read_parquet

P, K = Participants, Classes
PAIR: Final = (P.participant_id.name, K.class_id.name)
FARTHEST: Final = 2**53  # rank: larger whole numbers have no float of their own
EMPTY: Final = pl.DataFrame(schema=dict.fromkeys(PAIR, pl.String))


@dataclass(frozen=True)
class Request:
    """Who asks for which classes, and what was decided before.

    Attributes
    ----------
    participants, classes, events : DataFrame
        Under their contracts.
    accepted, offered, refused : DataFrame
        Pairs ``participant_id``, ``class_id``: seats that are kept, places offered before that may be moved at a
        price, and what is not offered again.
    choices : DataFrame, optional
        ``participant_id, class_id, rank, standing``: the lists of people, the least rank first, and what providers
        think of each, the largest first; a standing that is missing is the fit.
    """

    participants: pl.DataFrame
    classes: pl.DataFrame
    events: pl.DataFrame
    accepted: pl.DataFrame = field(default_factory=EMPTY.clone)
    offered: pl.DataFrame = field(default_factory=EMPTY.clone)
    refused: pl.DataFrame = field(default_factory=EMPTY.clone)
    choices: pl.DataFrame | None = None

    def sort(self) -> Request:
        """Return the same request whatever order its rows came in."""
        pairs = {
            name: getattr(self, name).sort(PAIR) for name in ("accepted", "offered", "refused")
        }
        choices = None if self.choices is None else self.choices.sort([*PAIR, "rank"])
        return Request(
            self.participants.sort(P.participant_id.name),
            self.classes.sort(K.class_id.name),
            self.events.sort(Interactions.event_id.name),
            **pairs,
            choices=choices,
        )


def read_decisions(path: Path) -> pl.DataFrame:
    """Read a table of pairs ``participant_id``, ``class_id``.

    Raises
    ------
    AllocateSettingsError
        If it lacks a column, or an id is missing or no text.
    DatasetError
        If the file is not there, or is no Parquet.
    """
    return _read_pairs(path)


def read_choices(path: Path) -> pl.DataFrame:
    """Read a table ``participant_id, class_id, rank`` and, where providers told it, ``standing``.

    Raises
    ------
    AllocateSettingsError
        As for decisions, and if a rank is missing or no whole number, or a standing is no finite number.
    """
    rows = _read_pairs(path, "rank")
    for name in {"rank", "standing"} & {*rows.columns}:
        if not (rows[name].dtype.is_numeric() or rows[name].null_count() == rows.height):
            raise AllocateSettingsError(f"{path}: {name}: {rows[name].dtype}; take numbers")
    rank = rows["rank"].cast(pl.Float64)
    far = rank.abs() > FARTHEST  # beyond it two ranks may be read as one
    odd = rows.filter(rank.is_null() | ~rank.is_finite() | (rank != rank.floor()) | far)
    for one in odd.head(1).iter_rows(named=True):
        raise AllocateSettingsError(
            f"{path}: rank: {one['rank']} of {one[PAIR[0]]!r} is no whole number, or too far off; take 1 for the "
            "dearest, 2 for the next, and so on"
        )
    if "standing" not in rows.columns:
        rows = rows.with_columns(pl.lit(None).alias("standing"))
    standing = rows["standing"].cast(pl.Float64)
    for one in rows.filter(~standing.is_finite()).head(1).iter_rows(named=True):
        raise AllocateSettingsError(
            f"{path}: standing: {one['standing']} of {one[PAIR[0]]!r} is no number; leave it empty "
            "where the provider told none"
        )
    return rows.select(*PAIR, rank.cast(pl.Int64), standing)


def _read_pairs(path: Path, *more: str) -> pl.DataFrame:
    """Read a table of pairs with the columns that it has to have beside."""
    rows = read_parquet(path)
    for name in (*PAIR, *more):
        if name not in rows.columns:
            there = ", ".join(rows.columns)
            raise AllocateSettingsError(f"{path}: the column {name} is missing; it has {there}")
    for name in PAIR:
        if rows[name].dtype != pl.String:
            raise AllocateSettingsError(f"{path}: {name}: {rows[name].dtype}; ids are text")
        if rows[name].null_count():
            raise AllocateSettingsError(f"{path}: {name}: row {_find_null(rows[name])} is empty")
    return rows


def _find_null(column: pl.Series) -> int:
    """Return the number of the first row that is empty, from 1."""
    return int(column.is_null().arg_max() or 0) + 1
