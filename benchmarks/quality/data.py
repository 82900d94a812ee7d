"""The data of the quality benchmark: any table of participant and course."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast, get_args

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.quality.task import RankingTask, make_task
from evaluation.splits import Split, global_time_split, leave_last_out
from models.candidates.interactions import Interactions
from models.ranking.cutoffs import Horizon

SplitKind = Literal["time", "leave-last-out", "given"]
PARTS: Final = ("train", "validation", "test")


@dataclass(frozen=True)
class QualityData:
    """Events with their split, and what is known about courses and participants beside them.

    Attributes
    ----------
    name : str
    events : Interactions
        All events; ids of participants and courses are positions in tables the reader has dropped.
    split : Split
        Rows of ``events`` in train, validation and test.
    texts : list of str, optional
        One text a course.
    item_attributes, user_attributes : csr_matrix of float32, shape (N, A), (U, P), optional
        Multi-hot attributes.
    item_entered : ndarray of int64, shape (N,), optional
        When each course entered the catalogue, in the unit of ``events.at``.
    user_joined : ndarray of float64, shape (U,), optional
        When each participant registered, where a table says so; nan where it is not known.
    attribute_names : list of str, A long, optional
        Of the columns of ``item_attributes``.
    """

    name: str
    events: Interactions
    split: Split
    texts: list[str] | None = None
    item_attributes: sp.csr_matrix | None = None
    item_entered: NDArray[np.int64] | None = None
    user_attributes: sp.csr_matrix | None = None
    user_joined: NDArray[np.float64] | None = None
    attribute_names: list[str] | None = None


def find_horizon(data: QualityData) -> Horizon:
    """Return "time" where everybody's future is later than everybody's past, else "next"."""
    at = data.events.at
    if at is None:
        at = np.arange(len(data.events))
    return "time" if at[data.split.development].max() < at[data.split.test].min() else "next"


def split_tasks(data: QualityData) -> tuple[RankingTask, RankingTask]:
    """Return the task of validation and that of the test."""
    split, events = data.split, data.events
    return (
        make_task(events.take(split.train), events.take(split.validation)),
        make_task(events.take(split.development), events.take(split.test)),
    )


def from_tables(
    name: str,
    events: pl.DataFrame,
    kind: SplitKind,
    texts: pl.DataFrame | None = None,
    attributes: pl.DataFrame | None = None,
    user_attributes: pl.DataFrame | None = None,
) -> QualityData:
    """Give participants and courses numbers, and split the events.

    Parameters
    ----------
    name : str
    events : polars.DataFrame
        Columns ``participant``, ``course`` and, where known, ``at`` (seconds, or any integer that
        orders the events); ``part`` (train, validation, test) for ``kind="given"``. Without ``at``
        the order of the rows stands for time.
    kind : {"time", "leave-last-out", "given"}
    texts : polars.DataFrame, optional
        Columns ``course``, ``text`` and, where known, ``entered`` (in the unit of ``at``). A course
        named here counts as known even without events.
    attributes, user_attributes : polars.DataFrame, optional
        Columns ``course`` (``participant``) and ``attribute``, one row for each attribute that holds; of
        participants also ``joined``, where known: when they registered, in the unit of ``at``.

    Raises
    ------
    ValueError
        If a column is missing or ``part`` holds another word.
    """
    _require(
        name, "events", events, ["participant", "course", *(["part"] if kind == "given" else [])]
    )
    _require(name, "texts", texts, ["course", "text"])
    _require(name, "attributes", attributes, ["course", "attribute"])
    _require(name, "user attributes", user_attributes, ["participant", "attribute"])
    _whole(name, events)
    events = events.with_columns(pl.col("participant", "course").cast(pl.String))
    texts = None if texts is None else _drop_late_entries(texts, events)
    users = events["participant"].unique().sort()
    items = _list_courses(events["course"], texts).unique().sort()
    interactions = Interactions(
        _ids(events["participant"], users),
        _ids(events["course"], items),
        np.ones(len(events), dtype=np.float32),
        len(users),
        len(items),
        events["at"].cast(pl.Int64).to_numpy() if "at" in events.columns else None,
    )
    split = _split(name, interactions, events, kind)
    if not len(split.train) or not len(split.test):
        raise ValueError(f"{name}: the split leaves no events to learn from, or none to test on")
    return QualityData(
        name,
        interactions,
        split,
        None if texts is None else _texts(texts, items),
        None if attributes is None else _multi_hot(attributes, "course", items),
        None
        if texts is None or "entered" not in texts.columns
        else _find_entry_times(texts, items),
        None if user_attributes is None else _multi_hot(user_attributes, "participant", users),
        _find_join_times(user_attributes, users),
        None if attributes is None else _list_attributes(attributes, "course", items).to_list(),
    )


def _require(name: str, what: str, table: pl.DataFrame | None, columns: list[str]) -> None:
    if table is not None and (missing := set(columns) - set(table.columns)):
        raise ValueError(f"{name}: the {what} lack the column(s) {', '.join(sorted(missing))}")


def _whole(name: str, events: pl.DataFrame) -> None:
    """Refuse events without a participant, a course or, where there is a clock, a time."""
    if not len(events):
        raise ValueError(f"{name}: there are no events")
    for column in {"participant", "course", "at"} & set(events.columns):
        values = events[column]
        missing = values.null_count() + (values.is_nan().sum() if values.dtype.is_float() else 0)
        if missing:
            raise ValueError(f"{name}: {missing} event(s) have nothing in column {column!r}")


def _drop_late_entries(texts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Leave out courses that entered after the last event: nobody could have taken them."""
    if "entered" not in texts.columns or "at" not in events.columns:
        return texts
    late = pl.col("entered").cast(pl.Int64) > events["at"].cast(pl.Int64).max()
    taken = pl.col("course").cast(pl.String).is_in(events["course"].unique().implode())
    return texts.filter(taken | ~late.fill_null(value=False))


def read_tables(
    events: Path,
    kind: str,
    texts: Path | None = None,
    attributes: Path | None = None,
    user_attributes: Path | None = None,
) -> QualityData:
    """Read one's own tables (CSV or Parquet); columns as in :func:`from_tables`.

    ``at`` may also be a date and time (ISO 8601 in CSV).

    Raises
    ------
    ValueError
        If ``kind`` is no kind of split, or a column is missing or of the wrong type.
    """
    if kind not in get_args(SplitKind):
        raise ValueError(f"--split must be one of {', '.join(get_args(SplitKind))}, got {kind!r}")
    return from_tables(
        events.stem,
        _with_clock(_read(events), events),
        cast(SplitKind, kind),
        *(None if path is None else _read(path) for path in (texts, attributes, user_attributes)),
    )


def _read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    # an id is a text: "007" is not "7"
    ids = dict.fromkeys(("participant", "course", "attribute"), pl.String)
    return pl.read_csv(path, infer_schema_length=None, try_parse_dates=True, schema_overrides=ids)


def _with_clock(events: pl.DataFrame, path: Path) -> pl.DataFrame:
    if "at" not in events.columns:
        return events
    if isinstance(events.schema["at"], pl.Datetime | pl.Date):
        return events.with_columns(pl.col("at").cast(pl.Datetime("us")).dt.epoch("s"))
    if not events.schema["at"].is_numeric():
        raise ValueError(f"{path}: column 'at' holds neither times nor numbers")
    return events


def _split(name: str, interactions: Interactions, events: pl.DataFrame, kind: SplitKind) -> Split:
    order: Literal["time", "file"] = "file" if interactions.at is None else "time"
    if kind == "time":
        return global_time_split(interactions, order=order)
    if kind == "leave-last-out":
        return _leave_last_out(interactions, order)
    part = events["part"]
    if unknown := set(part.unique()) - set(PARTS):
        raise ValueError(f"{name}: part must be one of {PARTS}, got {sorted(map(str, unknown))}")
    return Split(*(np.flatnonzero((part == which).to_numpy()) for which in PARTS))


def _leave_last_out(interactions: Interactions, order: Literal["time", "file"]) -> Split:
    """Hold out everybody's last two courses; of what was taken again, only what came before those stays."""
    n = len(interactions)
    at = np.arange(n) if interactions.at is None else interactions.at
    by_pair = np.lexsort((np.arange(n), at, interactions.items, interactions.users))
    users, items = interactions.users[by_pair], interactions.items[by_pair]
    begins = np.append(True, (users[1:] != users[:-1]) | (items[1:] != items[:-1]))
    firsts = np.sort(by_pair[begins])
    split = leave_last_out(interactions.take(firsts), order=order)
    held_out = firsts[np.concatenate([split.validation, split.test])]
    border = np.full(interactions.n_users, np.iinfo(np.int64).max)
    np.minimum.at(border, interactions.users[held_out], at[held_out])
    again = np.setdiff1d(np.arange(n), firsts)
    kept = again[at[again] < border[interactions.users[again]]]
    return Split(
        np.union1d(firsts[split.train], kept), firsts[split.validation], firsts[split.test]
    )


def _list_courses(courses: pl.Series, texts: pl.DataFrame | None) -> pl.Series:
    return courses if texts is None else courses.append(texts["course"].cast(pl.String))


def _ids(values: pl.Series, table: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return table.search_sorted(values).cast(pl.Int32).to_numpy()


def _texts(texts: pl.DataFrame, items: pl.Series) -> list[str]:
    known = texts.select(pl.col("course").cast(pl.String), pl.col("text").fill_null("")).unique(
        "course", keep="first", maintain_order=True
    )
    joined = (
        items.alias("course").to_frame().join(known, on="course", how="left", maintain_order="left")
    )
    return list(joined["text"].fill_null(""))


def _find_entry_times(texts: pl.DataFrame, items: pl.Series) -> NDArray[np.int64]:
    known = texts.select(pl.col("course").cast(pl.String), pl.col("entered").cast(pl.Int64))
    known = known.unique("course", maintain_order=True)
    joined = (
        items.alias("course").to_frame().join(known, on="course", how="left", maintain_order="left")
    )
    earliest = joined["entered"].min()
    return joined["entered"].fill_null(0 if earliest is None else earliest).to_numpy()


def _find_join_times(table: pl.DataFrame | None, users: pl.Series) -> NDArray[np.float64] | None:
    if table is None or "joined" not in table.columns:
        return None
    known = table.select(pl.col("participant").cast(pl.String), pl.col("joined").cast(pl.Float64))
    known = known.drop_nulls().unique("participant", keep="first", maintain_order=True)
    people = users.alias("participant").to_frame()
    found = people.join(known, on="participant", how="left", maintain_order="left")
    return found["joined"].fill_null(np.nan).to_numpy()


def _multi_hot(table: pl.DataFrame, key: str, ids: pl.Series) -> sp.csr_matrix:
    held = _find_held(table, key, ids)
    values = _list_attributes(table, key, ids)
    cells = (_ids(held[key], ids), _ids(held["attribute"], values))
    return sp.csr_matrix(
        (np.ones(len(held), dtype=np.float32), cells), shape=(len(ids), len(values))
    )


def _list_attributes(table: pl.DataFrame, key: str, ids: pl.Series) -> pl.Series:
    return _find_held(table, key, ids)["attribute"].unique().sort()


def _find_held(table: pl.DataFrame, key: str, ids: pl.Series) -> pl.DataFrame:
    """Return each attribute of each known course or participant once."""
    texts = table.select(pl.col(key, "attribute").cast(pl.String)).drop_nulls()
    return texts.unique(maintain_order=True).filter(pl.col(key).is_in(ids.implode()))
