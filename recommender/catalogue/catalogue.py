"""The catalogue as arrays: what the engine's stages read of trainings and their sessions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.catalogue.locations import Locations
from recommender.catalogue.offers import Offers
from recommender.catalogue.seats import Seats, read_seats
from training_data.arrays import (
    build_indicator,
    build_ones,
    encode_strings,
    explode,
    fill_nulls,
    look_up,
    pad_rows,
    to_days,
)
from training_data.columnar import Columnar
from training_data.columns import EDUCATIONS, LEVELS, MODES, Classes, Courses
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary

FAR_FUTURE = np.iinfo(np.int32).max
FACE_TO_FACE = tuple(MODES.index(mode) for mode in ("in_person", "hybrid"))

CLASS_ROW = "class_row"

C, K = Courses, Classes


class CourseFacts(NamedTuple):
    """What a list tells of a training."""

    course_id: str
    title: str
    provider_id: str
    platform: str | None
    category: str | None
    mode: str
    level: str | None
    language: str | None
    price_idr: int
    duration_hours: float | None


@dataclass(frozen=True)
class Sessions(Columnar):
    """When and where trainings take place, P rows: a class each, or the standing venue of an undated one.

    They stand in the order of the trainings, those of one in the order of their first days.

    Attributes
    ----------
    course : ndarray of int32, shape (P,)
        Row of the training.
    location : Locations
        P of them.
    seats_left : ndarray of int32, shape (P,)
    starts_on, ends_on : ndarray of int32, shape (P,)
        Days since 1970-01-01; far in the future for what may start any day.
    registration_from, registration_until : ndarray of int32, shape (P,)
        Days since 1970-01-01; -1 where the class does not say.
    class_row : ndarray of int32, shape (P,)
        Row of the table of classes; -1 for a standing venue.
    """

    course: NDArray[np.int32]
    location: Locations
    seats_left: NDArray[np.int32]
    starts_on: NDArray[np.int32]
    ends_on: NDArray[np.int32]
    registration_from: NDArray[np.int32]
    registration_until: NDArray[np.int32]
    class_row: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.course)


@dataclass(frozen=True)
class Catalogue:
    """N trainings in the order of their table.

    A table in columns: each field is one column, so it has as many fields as the stages read. Integer codes
    are -1 and floats NaN where a value is not known; days count from 1970-01-01. ``seats`` is what the last
    allocation told of them, None where there was none.
    """

    table: pl.DataFrame = field(repr=False)
    classes: pl.DataFrame = field(repr=False)
    price: NDArray[np.int64]
    duration_hours: NDArray[np.float64]
    mode: NDArray[np.int32]
    level: NDArray[np.int32]
    category: NDArray[np.int32]
    categories: tuple[str, ...]
    provider: NDArray[np.int32]
    providers: tuple[str, ...]
    available_from: NDArray[np.int32]
    available_until: NDArray[np.int32]
    skills: sp.csr_matrix
    prerequisites: sp.csr_matrix
    minimum_education: NDArray[np.int32]
    needs_device: NDArray[np.bool_]
    needs_connection: NDArray[np.bool_]
    sessions: Sessions
    regions: RegionTable = field(repr=False)
    withdrawn: NDArray[np.bool_]
    seats: Seats | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.price)

    @cached_property
    def ids(self) -> list[str]:
        """``course_id`` of each training."""
        ids: list[str] = self.table[C.course_id.name].to_list()
        return ids

    @cached_property
    def titles(self) -> list[str]:
        """Title of each training."""
        titles: list[str] = self.table[C.title.name].to_list()
        return titles

    @cached_property
    def facts(self) -> list[CourseFacts]:
        """What a list tells of each training."""
        return [CourseFacts(*row) for row in self.table.select(CourseFacts._fields).iter_rows()]

    @cached_property
    def category_index(self) -> dict[str, int]:
        """Topic, in small letters -> its number."""
        return {name.casefold(): number for number, name in enumerate(self.categories)}

    @cached_property
    def index(self) -> dict[str, int]:
        """``course_id`` -> row."""
        return {course_id: row for row, course_id in enumerate(self.ids)}

    def know_seats(self, told: pl.DataFrame) -> Catalogue:
        """Return the catalogue with what an allocation told of its classes."""
        return replace(self, seats=read_seats(self.table, self.classes, told))

    def without(self, course_ids: Collection[str]) -> Catalogue:
        """Return the catalogue with trainings withdrawn; every row keeps its number."""
        gone = self.table[C.course_id.name].is_in(list(course_ids)).to_numpy()
        return replace(self, withdrawn=self.withdrawn | gone)

    @cached_property
    def taught(self) -> NDArray[np.int32]:
        """Skills that each training teaches, (N, most of one) padded with -1."""
        return pad_rows(self.skills, np.arange(len(self)))

    @cached_property
    def needed(self) -> NDArray[np.int32]:
        """Trainings that each one needs first, (N, most of one) padded with -1."""
        return pad_rows(self.prerequisites, np.arange(len(self)))

    @cached_property
    def needs_unknown(self) -> NDArray[np.bool_]:
        """Whether each training needs one that is not in the catalogue, so that nobody can take it first, (N,)."""
        unknown = np.zeros(len(self), dtype=bool)
        rows, needed = explode(self.table[C.prerequisites.name])
        unknown[rows[look_up(needed, lambda name: self.index.get(name, -1)) < 0]] = True
        return unknown

    @cached_property
    def offers(self) -> Offers:
        """Which trainings several platforms sell."""
        return Offers.find(self.table)

    @cached_property
    def of_small_provider(self) -> NDArray[np.bool_]:
        """Whether a small provider teaches each training, (N,).

        Providers are large from the largest on until they hold half of the catalogue; all others are small.
        """
        counts = np.bincount(self.provider, minlength=len(self.providers))
        order = np.argsort(-counts, kind="stable")
        before = np.cumsum(counts[order]) - counts[order]
        small = np.zeros(len(counts), dtype=bool)
        small[order[2 * before >= len(self)]] = True
        return small[self.provider]

    @cached_property
    def topics(self) -> sp.csr_matrix:
        """A one for the topic of each training, (N, n_categories)."""
        return build_ones(np.arange(len(self)), self.category, (len(self), len(self.categories)))

    @cached_property
    def field(self) -> NDArray[np.int32]:
        """The topic of each training, the first where none is known, (N,)."""
        return np.maximum(self.category, 0)

    @cached_property
    def topics_of_skills(self) -> NDArray[np.float32]:
        """A one where some training of a topic teaches a skill, (S, at least one topic)."""
        shape = (len(self), max(len(self.categories), 1))
        taught = self.skills.T @ build_ones(np.arange(len(self)), self.field, shape)
        return np.asarray(taught.toarray() > 0, dtype=np.float32)

    @cached_property
    def distinct_locations(self) -> tuple[Locations, NDArray[np.int64]]:
        """Each distinct location of the sessions once, and the number of each session's (P,)."""
        return self.sessions.location.distinct()

    @cached_property
    def face_to_face(self) -> NDArray[np.bool_]:
        """Whether one has to be at a place."""
        return np.isin(self.mode, FACE_TO_FACE)


def build_catalogue(
    courses: pl.DataFrame, classes: pl.DataFrame | None, regions: RegionTable, skills: Vocabulary
) -> Catalogue:
    """Turn validated tables into arrays; the order of the trainings is that of ``courses``."""
    classes = Classes.create_empty() if classes is None else classes
    index = {course_id: row for row, course_id in enumerate(courses[C.course_id.name])}
    category, categories = _factorise(courses[C.category.name])
    provider, providers = _factorise(courses[C.provider_id.name])
    rows, needed = explode(courses[C.prerequisites.name])
    needed_rows = look_up(needed, lambda name: index.get(name, -1))
    prerequisites = build_ones(rows, needed_rows, (len(courses), len(courses)))
    return Catalogue(
        table=courses,
        classes=classes,
        price=courses[C.price_idr.name].to_numpy(),
        duration_hours=fill_nulls(courses[C.duration_hours.name], np.nan, np.float64),
        mode=encode_strings(courses[C.mode.name], MODES),
        level=encode_strings(courses[C.level.name], LEVELS),
        category=category,
        categories=categories,
        provider=provider,
        providers=providers,
        available_from=to_days(courses[C.available_from.name], 0),
        available_until=to_days(courses[C.available_until.name], FAR_FUTURE),
        skills=build_indicator(courses[C.skills.name], skills.find, len(skills)),
        prerequisites=prerequisites,
        minimum_education=encode_strings(courses[C.minimum_education.name], EDUCATIONS),
        needs_device=courses[C.needs_device.name].fill_null(False).to_numpy(),
        needs_connection=courses[C.needs_connection.name].fill_null(False).to_numpy(),
        sessions=_build_sessions(courses, classes, index, regions),
        regions=regions,
        withdrawn=np.zeros(len(courses), dtype=bool),
    )


def _build_sessions(
    courses: pl.DataFrame, classes: pl.DataFrame, index: dict[str, int], regions: RegionTable
) -> Sessions:
    """Every class, and the home of each face-to-face training that has no class."""
    in_classes = courses[C.course_id.name].is_in(classes[K.course_id.name].implode())
    face_to_face = courses[C.mode.name].cast(pl.String).is_in(["in_person", "hybrid"])
    own = (C.course_id.col, C.region_code.col, C.latitude.col, C.longitude.col)
    homes = courses.filter(face_to_face & ~in_classes).select(
        *own,
        pl.lit(np.iinfo(np.int32).max, pl.Int32).alias(K.seats_left.name),
        *(pl.lit(FAR_FUTURE, pl.Int32).alias(column.name) for column in (K.starts_on, K.ends_on)),
        *(
            pl.lit(-1, pl.Int32).alias(column.name)
            for column in (K.registration_from, K.registration_until)
        ),
        pl.lit(-1, pl.Int32).alias(CLASS_ROW),
    )
    held = (
        classes.with_row_index(CLASS_ROW)
        .filter(K.course_id.col.is_in(list(index)))
        .select(
            *(pl.col(column) for column in homes.columns[:5]),
            K.starts_on.col.to_physical(),
            K.ends_on.col.to_physical(),
            K.registration_from.col.to_physical().fill_null(-1),
            K.registration_until.col.to_physical().fill_null(-1),
            pl.col(CLASS_ROW).cast(pl.Int32),
        )
    )
    rows = pl.concat([held, homes])
    course = look_up(rows[K.course_id.name], index.__getitem__)
    order = np.lexsort((rows[K.starts_on.name], course))
    rows, course = rows[order], course[order]
    return Sessions(
        course=course,
        location=Locations.in_regions(
            encode_strings(rows[K.region_code.name], regions.codes),
            rows[K.latitude.name],
            rows[K.longitude.name],
            regions,
        ),
        **{name: rows[name].to_numpy() for name in homes.columns[4:]},
    )


def _factorise(values: pl.Series) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    names = tuple(values.drop_nulls().unique().sort())
    return encode_strings(values, names), names
