"""The data of the quality benchmark: four public sets, or any table of participant and course."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast, get_args

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.splits import Split, global_time_split, leave_last_out
from models.interactions import Interactions

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
        The number in each participant's id, where all have one: platforms count their accounts up, so it tells who
        joined before whom. Where numbers were dealt otherwise it tells nothing, and the ranker learns so.
    """

    name: str
    events: Interactions
    split: Split
    texts: list[str] | None = None
    item_attributes: sp.csr_matrix | None = None
    item_entered: NDArray[np.int64] | None = None
    user_attributes: sp.csr_matrix | None = None
    user_joined: NDArray[np.float64] | None = None


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
        Columns ``course`` (``participant``) and ``attribute``, one row for each attribute that holds.

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
    texts = None if texts is None else _entered_in_time(texts, events)
    users = events["participant"].unique().sort()
    items = _known(events["course"], texts).unique().sort()
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
        None if texts is None or "entered" not in texts.columns else _entered(texts, items),
        None if user_attributes is None else _multi_hot(user_attributes, "participant", users),
        _numbers(users),
    )


def _numbers(ids: pl.Series) -> NDArray[np.float64] | None:
    """Return the number that ends each id; None where one has none."""
    numbers = ids.str.extract(r"^\D*(\d+)$").cast(pl.Float64)
    return None if numbers.null_count() else numbers.to_numpy()


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


def _entered_in_time(texts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
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


def _known(courses: pl.Series, texts: pl.DataFrame | None) -> pl.Series:
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


def _entered(texts: pl.DataFrame, items: pl.Series) -> NDArray[np.int64]:
    known = texts.select(pl.col("course").cast(pl.String), pl.col("entered").cast(pl.Int64))
    known = known.unique("course", maintain_order=True)
    joined = (
        items.alias("course").to_frame().join(known, on="course", how="left", maintain_order="left")
    )
    earliest = joined["entered"].min()
    return joined["entered"].fill_null(0 if earliest is None else earliest).to_numpy()


def _multi_hot(table: pl.DataFrame, key: str, ids: pl.Series) -> sp.csr_matrix:
    table = (
        table.select(pl.col(key, "attribute").cast(pl.String))
        .drop_nulls()
        .unique(maintain_order=True)
    )
    table = table.filter(pl.col(key).is_in(ids.implode()))
    values = table["attribute"].unique().sort()
    cells = (_ids(table[key], ids), _ids(table["attribute"], values))
    return sp.csr_matrix(
        (np.ones(len(table), dtype=np.float32), cells), shape=(len(ids), len(values))
    )


# --- the four public sets -------------------------------------------------------------------------


def read_mars(folder: Path) -> QualityData:
    """Read MARS (English): a platform of office tutorials, with texts, topics and learners' jobs."""
    events = pl.read_csv(folder / "implicit_ratings_en.csv").select(
        participant="user_id",
        course="item_id",
        at=pl.col("created_at").str.to_datetime().dt.epoch("s"),
    )
    items = pl.read_csv(folder / "items_en.csv", infer_schema=False)
    text = pl.concat_str(pl.col("name", "description"), separator=". ", ignore_nulls=True)
    entered = pl.date(pl.col("created_at").cast(pl.Int32), 1, 1).dt.epoch("s")
    lists = [
        items.select(
            pl.col("item_id").alias("course"),
            pl.col(column).str.extract_all(r"[^\[\]',]+").alias("attribute"),
        )
        .explode("attribute")
        .select("course", attribute=pl.lit(f"{column}=") + pl.col("attribute").str.strip_chars())
        .filter(pl.col("attribute") != f"{column}=")
        for column in ("Difficulty", "Job", "Software", "Theme", "type")
    ]
    users = pl.read_csv(folder / "users_en.csv", infer_schema=False, truncate_ragged_lines=True)
    jobs = users.filter(pl.col("job") != "N/A").select(participant="user_id", attribute="job")
    return from_tables(
        "mars",
        events,
        "time",
        items.select(course="item_id", text=text, entered=entered),
        pl.concat(lists),
        jobs,
    )


def read_coco(folder: Path) -> QualityData:
    """Read COCO: online courses with categories, concepts, level, language and target occupations."""
    columns = ["participant", "course", "rating", "at"]
    events = pl.concat(
        pl.read_csv(folder / f"{part}.txt", separator="\t", has_header=False, new_columns=columns)
        for part in ("valid", "test")
    )
    items = pl.read_csv(folder / "i2kg_map.txt", separator="\t", infer_schema=False)
    entities = pl.read_csv(
        folder / "e_map.txt", separator="\t", infer_schema=False, quote_char=None
    )
    graph = pl.read_csv(folder / "kg_final.txt", separator="\t", infer_schema=False)
    relations = (
        graph.join(items.select(entity_head="eid", course="pid"), on="entity_head")
        .join(entities.select(entity_tail="eid", tail="name"), on="entity_tail")
        .with_columns(attribute=pl.concat_str("relation", pl.lit("="), "tail"))
    )
    topics = (
        relations.filter(pl.col("relation").is_in(["0", "1"]))
        .group_by("course", maintain_order=True)
        .agg(pl.col("tail").str.replace_all("-", " ").str.join(", "))
    )
    text = items.join(
        topics, left_on="pid", right_on="course", how="left", maintain_order="left"
    ).select(
        course="pid",
        text=pl.concat_str(
            pl.col("name").str.replace_all("-", " "), "tail", separator=". ", ignore_nulls=True
        ),
    )
    return from_tables("coco", events, "time", text, relations.select("course", "attribute"))


def read_xuetangx(folder: Path) -> QualityData:
    """Read XuetangX in its own three files; a course's key tells its institution, number and term."""
    parts = zip(("train", "val", "test"), PARTS, strict=True)
    events = pl.concat(
        pl.read_csv(folder / f"{file}.csv").select(
            participant="username",
            course="course_id",
            at=pl.col("ts_ms").str.to_datetime().dt.epoch("ms"),
            part=pl.lit(part),
        )
        for file, part in parts
    )
    # a few events have no clock; they stand where the file puts them, after the participant's others
    events = events.with_columns(pl.col("at").forward_fill().over("participant").fill_null(0))
    courses = events.select("course").unique(maintain_order=True)
    words = courses.select(
        "course", attribute=pl.col("course").str.split("/").list.join("+").str.split("+")
    )
    words = words.explode("attribute")
    return from_tables("xuetangx", events, "given", attributes=words)


def read_ml_100k(folder: Path) -> QualityData:
    """Read MovieLens 100k: titles and genres of films; age, sex and occupation of viewers."""
    inter = pl.read_csv(folder / "ml-100k.inter", separator="\t")
    events = inter.select(
        participant=pl.col("user_id:token"),
        course=pl.col("item_id:token"),
        at=pl.col("timestamp:float").cast(pl.Int64),
    )
    items = pl.read_csv(
        folder / "ml-100k.item", separator="\t", infer_schema=False, quote_char=None
    )
    genres = items.select(
        course="item_id:token", attribute=pl.col("class:token_seq").str.split(" ")
    ).explode("attribute")
    years = items.select(
        course="item_id:token", attribute=pl.lit("year=") + pl.col("release_year:token")
    )
    text = items.select(
        course="item_id:token",
        text=pl.concat_str(
            "movie_title:token_seq", "class:token_seq", separator=". ", ignore_nulls=True
        ),
    )
    users = pl.read_csv(folder / "ml-100k.user", separator="\t", infer_schema=False)
    people = pl.concat(
        users.select(participant="user_id:token", attribute=pl.lit(f"{name}=") + column)
        for name, column in {
            "sex": pl.col("gender:token"),
            "occupation": pl.col("occupation:token"),
            "decade": pl.col("age:token").str.slice(0, 1),
        }.items()
    )
    return from_tables("ml-100k", events, "time", text, pl.concat([genres, years]), people)


READERS: Final[dict[str, tuple[str, Callable[[Path], QualityData]]]] = {
    "mars": ("mars", read_mars),
    "coco": ("coco", read_coco),
    "xuetangx": ("xuetangx_adhi43", read_xuetangx),
    "ml-100k": ("ml-100k", read_ml_100k),
}


def read_public(name: str, data: Path) -> QualityData:
    """Read one of the public sets from its folder under ``data``.

    Raises
    ------
    ValueError
        If there is no set of this name.
    FileNotFoundError
        If its folder is not there.
    """
    if name not in READERS:
        raise ValueError(f"no public set {name!r}; there are {', '.join(READERS)}")
    folder, reader = READERS[name]
    if not (data / folder).is_dir():
        raise FileNotFoundError(
            f"{data / folder}: no such folder; point --data at the folder that holds it"
        )
    return reader(data / folder)
