"""What an allocation told of seats, training by training.

A training is as dear as its cheapest class, and one without classes has room for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training_data.columns import Classes, Courses


@dataclass(frozen=True)
class Seats:
    """What an allocation told of the seats of N trainings.

    Attributes
    ----------
    price : ndarray of float32, shape (N,)
        The fit that one seat more would give, in the cheapest class.
    chance : ndarray of float32, shape (N,)
        Seats for each person whom it fits best, at most 1, in the class with most.
    """

    price: NDArray[np.float32]
    chance: NDArray[np.float32]


def read_seats(courses: pl.DataFrame, classes: pl.DataFrame, told: pl.DataFrame) -> Seats:
    """Return what an allocation told, training by training.

    Parameters
    ----------
    courses, classes : DataFrame
        Of the catalogue.
    told : DataFrame
        ``class_id, seats, price, wished``: the classes of an allocation; others have no price.
    """
    id_, course = Classes.class_id.name, Courses.course_id.name
    chance = pl.min_horizontal(1.0, pl.col("seats") / pl.max_horizontal("wished", 1))
    by_course = (
        classes.select(id_, course)
        .join(told.select(["class_id", "seats", "price", "wished"]), on=id_, how="left")
        .with_columns(pl.col("price").fill_null(0.0), chance.fill_null(1.0).alias("chance"))
        .group_by(course)
        .agg(pl.col("price").min(), pl.col("chance").max())
    )
    whole = courses.select(course).join(by_course, on=course, how="left", maintain_order="left")
    return Seats(
        whole["price"].fill_null(0.0).cast(pl.Float32).to_numpy(),
        whole["chance"].fill_null(1.0).cast(pl.Float32).to_numpy(),
    )
