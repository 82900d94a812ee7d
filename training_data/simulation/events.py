"""Simulated visits as rows of the ``Interactions`` contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training_data.columns import EVENT_KINDS, Interactions
from training_data.simulation.choices import BROWSING_SECONDS, Visit, simulate_visits
from training_data.simulation.people import People
from training_data.simulation.profiles import participant_ids
from training_data.simulation.world import World

POLICY: Final = "simulated"
Integers = NDArray[np.int64]


def simulate_interactions(world: World, people: People) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Return the events of people before the world's day, validated, and what each spent.

    Returns
    -------
    interactions : DataFrame
        By participant, then in the order of time.
    spent : ndarray of int64, shape (B,)
        In the programme's currency.
    """
    spent = np.zeros(len(people), dtype=np.int64)
    frames: list[pl.DataFrame] = []
    for visit in simulate_visits(world, people):
        spent[visit.person] += world.price[visit.course]
        frames.extend(_events(world, visit))
        frames.extend(_list_events(visit))
    if not frames:
        return Interactions.create_empty(), spent
    return Interactions.validate(_table(world, people, pl.concat(frames)), cast=True), spent


def _events(world: World, visit: Visit) -> Iterator[pl.DataFrame]:
    """Purchases, starts, completions and ratings; a purchase from a list carries its request."""
    everybody = np.ones(len(visit.person), dtype=bool)
    from_list = np.zeros(len(visit.person), dtype=bool)
    from_list[visit.shown] = (visit.lists.course == visit.course[visit.shown, None]).any(axis=1)
    steps = (
        ("purchase", visit.bought, world.price[visit.course], everybody),
        ("start", visit.started, None, everybody),
        ("complete", visit.finished, 1.0, visit.completes),
        ("rate", visit.rated, visit.stars, visit.completes),
    )
    for kind, at, value, happens in steps:
        yield _frame(
            visit,
            kind,
            person=visit.person,
            course=visit.course,
            at=at,
            value=value,
            requested=from_list & (kind == "purchase"),
        ).filter(pl.Series(happens))


def _list_events(visit: Visit) -> Iterator[pl.DataFrame]:
    """Impressions and clicks."""
    lists = visit.lists
    for kind, happens in (("impression", lists.propensity > 0), ("click", lists.clicked)):
        row, place = np.nonzero(happens)
        seen_at = visit.bought[visit.shown[row]] - BROWSING_SECONDS
        impression = kind == "impression"
        yield _frame(
            visit,
            kind,
            person=visit.person[visit.shown[row]],
            course=lists.course[row, place],
            at=seen_at if impression else seen_at + 30 + 20 * place,
            position=place + 1,
            propensity=lists.propensity[row, place] if impression else None,
            requested=np.ones(len(row), dtype=bool),
        )


def _frame(
    visit: Visit,
    kind: str,
    *,
    person: Integers,
    course: Integers,
    at: Integers,
    requested: NDArray[np.bool_],
    value: NDArray[np.generic] | float | None = None,
    position: Integers | None = None,
    propensity: NDArray[np.float64] | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {"person": person, "course": course, "at": at, "requested": requested}
    ).select(
        pl.all(),
        pl.lit(visit.number + 1).alias("visit"),
        pl.lit(kind, pl.Enum(EVENT_KINDS)).alias("kind"),
        _column(value, pl.Float64).alias("value"),
        _column(position, pl.Int32).alias("position"),
        _column(propensity, pl.Float64).alias("propensity"),
    )


def _column(values: NDArray[np.generic] | float | None, dtype: type[pl.DataType]) -> pl.Expr:
    return pl.lit(pl.Series(values) if isinstance(values, np.ndarray) else values).cast(dtype)


def _table(world: World, people: People, events: pl.DataFrame) -> pl.DataFrame:
    """Keep what comes before the world's day, with ids, by participant and time."""
    end = dt.datetime.combine(world.day, dt.time(), dt.UTC)
    request = pl.format("{}-list-{}", "participant_id", "visit")
    place = pl.when(pl.col("requested") & (pl.col("kind") != "purchase")).then(
        pl.format("-{}", "position")
    )
    courses = world.courses["course_id"]
    return (
        events.with_columns(
            participant_ids(people).gather(events["person"]).alias("participant_id"),
            courses.gather(events["course"]).alias("course_id"),
            pl.from_epoch("at", time_unit="s").dt.replace_time_zone("UTC"),
        )
        .filter(pl.col("at") < end)
        .sort("person", "at", "kind", "position")
        .select(
            pl.concat_str(
                pl.format("{}-{}-{}", "participant_id", "kind", "visit"), place.fill_null("")
            ).alias("event_id"),
            "participant_id",
            "course_id",
            "kind",
            pl.col("at").cast(pl.Datetime("us", "UTC")),
            "value",
            pl.when("requested").then(request).alias("request_id"),
            "position",
            "propensity",
            pl.when("requested").then(pl.lit(POLICY)).alias("bundle_version"),
        )
    )
