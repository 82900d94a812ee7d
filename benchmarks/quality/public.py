"""Readers of the four public sets of the quality benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.quality.data import PARTS, QualityData, from_tables


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


CUTS: Final = {"mars": 10}
"""Over how many cuts in time the mean is taken, of sets with few warm participants in the test."""


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
