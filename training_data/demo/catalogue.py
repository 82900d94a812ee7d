"""The demo catalogue as tables: trainings, where they are held, and dated classes."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from training_data.columns import Classes, Courses, complete_columns
from training_data.regions import RegionTable

REGION_PACK: Final = "indonesia"
RATED_SHARE: Final = 0.7
MEAN_RATING: Final = 4.9  # published; ratings are mandatory and nearly all five stars
CLASSES_A_PLACE: Final = 3
FIRST_DAY, LAST_DAY = 7, 90  # days ahead at which a class starts
FULL_SHARE: Final = 0.15  # of classes
SEATS: Final = {"webinar": (150, 30), "in_person": (40, 8), "hybrid": (40, 8)}  # mean, deviation
HOURS_A_DAY: Final = {"self_paced": 3, "webinar": 3, "in_person": 8, "hybrid": 8}


def demo_courses(seed: int = 0) -> pl.DataFrame:
    """Return the trainings in the ``Courses`` contract.

    Parameters
    ----------
    seed : int
        Of the ratings, which are simulated: seven in ten trainings have some.
    """
    entries = _entries()
    first_place = dict(demo_places().unique("course_id", keep="first").iter_rows())
    generator = np.random.default_rng(seed)
    rated = generator.random(len(entries)) < RATED_SHARE
    counts = np.ceil(generator.lognormal(4.5, 1.2, len(entries))).astype(np.int64)
    means = MEAN_RATING + generator.normal(0, 0.3, len(entries)) / np.sqrt(counts)
    rows = [
        {
            "course_id": entry["id"],
            "title": entry["title"],
            "description": entry["description"].strip(),
            "provider_id": entry["provider"],
            "category": entry["topic"],
            "region_code": first_place.get(entry["id"]),
            "prerequisites": entry.get("prerequisites", []),
            **{name: entry[name] for name in _SAME_NAME},
        }
        for entry in entries
    ]
    courses = pl.DataFrame(rows, schema=Courses.create_empty().schema).with_columns(
        pl.when(pl.Series(rated)).then(pl.Series(np.minimum(means, 5.0))).alias("rating_mean"),
        pl.when(pl.Series(rated)).then(pl.Series(counts)).alias("rating_count"),
    )
    return Courses.validate(courses, cast=True)


def demo_places() -> pl.DataFrame:
    """Return ``course_id``, ``region_code``: every place of each training that one goes to."""
    rows = [
        (entry["id"], _regions().lookup(place))
        for entry in _entries()
        for place in entry.get("places", [])
    ]
    return pl.DataFrame(rows, {"course_id": pl.String, "region_code": pl.String}, orient="row")


def demo_classes(day: dt.date, seed: int = 0) -> pl.DataFrame:
    """Return simulated classes in the ``Classes`` contract, all starting after ``day``.

    Trainings that one goes to have classes at every one of their places, webinars have them
    without a place. Most classes have seats left, some are full.
    """
    rows = [(entry["id"], entry["mode"], entry["duration_hours"]) for entry in _entries()]
    sittings = (
        pl.DataFrame(rows, ["course_id", "mode", "duration_hours"], orient="row")
        .filter(pl.col("mode") != "self_paced")
        .join(demo_places(), on="course_id", how="left", maintain_order="left_right")
        .join(pl.DataFrame({"sitting": range(1, CLASSES_A_PLACE + 1)}), how="cross")
    )
    generator = np.random.default_rng([seed, 1])
    mode = sittings["mode"]
    mean, deviation = (
        mode.replace_strict({m: s[i] for m, s in SEATS.items()}).to_numpy() for i in (0, 1)
    )
    seats = np.rint(generator.normal(mean, deviation)).clip(10)
    full = generator.random(len(sittings)) < FULL_SHARE
    left = np.where(full, 0, np.ceil(seats * generator.beta(2.0, 1.2, len(sittings))))
    starts = generator.integers(FIRST_DAY, LAST_DAY + 1, len(sittings))
    days = np.ceil((sittings["duration_hours"] / mode.replace_strict(HOURS_A_DAY)).to_numpy())
    place = pl.col("region_code").fill_null("daring")
    classes = sittings.select(
        pl.format("{}@{}-{}", "course_id", place, "sitting").alias("class_id"),
        "course_id",
        "region_code",
        (pl.lit(day) + pl.duration(days=pl.lit(pl.Series(starts)))).alias("starts_on"),
        (pl.lit(day) + pl.duration(days=pl.lit(pl.Series(starts + days - 1)))).alias("ends_on"),
        pl.Series("seats", seats, dtype=pl.Int32),
        pl.Series("seats_left", left, dtype=pl.Int32),
    )
    return Classes.validate(complete_columns(Classes, classes), cast=True)


_SAME_NAME: Final = (
    "platform", "skills", "level", "mode", "price_idr", "duration_hours", "language",
)  # fmt: skip


@cache
def _regions() -> RegionTable:
    """Return the region table, read once: it takes half a second and never changes."""
    return RegionTable.load(REGION_PACK)


def _entries() -> list[dict[str, Any]]:
    """Every ``[[course]]`` of the files in the order of their names, with its topic."""
    folder = Path(str(resources.files("training_data") / "demo" / "courses"))
    files = [tomllib.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.toml"))]
    return [{**entry, "topic": file["topic"]} for file in files for entry in file["course"]]
