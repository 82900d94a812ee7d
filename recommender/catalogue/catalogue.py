"""The catalogue as arrays: what the engine's stages read of trainings, their classes and places."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.catalogue.locations import Spots
from training_data.arrays import (
    Column,
    codes_of,
    days,
    exploded,
    filled,
    indicator,
    ones_at,
    padded,
    positions,
)
from training_data.columns import EDUCATIONS, LEVELS, MODES, Classes, Courses
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary

FAR_FUTURE = np.iinfo(np.int32).max
FACE_TO_FACE = tuple(MODES.index(mode) for mode in ("in_person", "hybrid"))

C, K = Courses, Classes
FACTS = (
    C.course_id,
    C.title,
    C.provider_id,
    C.category,
    C.mode,
    C.level,
    C.price_idr,
    C.duration_hours,
)


@dataclass(frozen=True)
class Places:
    """Where and when trainings take place, P rows: a class each, or the home of an undated one.

    They stand in the order of the trainings.

    Attributes
    ----------
    course, region, landmass : ndarray of int32, shape (P,)
        Integer ids; region and landmass are -1 where not known.
    latitude, longitude : ndarray of float64, shape (P,)
        Degrees; NaN where not known.
    exact : ndarray of bool, shape (P,)
        Whether the coordinates are the place's own and not its region's.
    seats_left : ndarray of int32, shape (P,)
    starts_on, ends_on : ndarray of int32, shape (P,)
        Days since 1970-01-01; far in the future for what may start any day.
    registration_from, registration_until : ndarray of int32, shape (P,)
        Days since 1970-01-01; -1 where the class does not say.
    """

    course: NDArray[np.int32]
    region: NDArray[np.int32]
    landmass: NDArray[np.int32]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    exact: NDArray[np.bool_]
    seats_left: NDArray[np.int32]
    starts_on: NDArray[np.int32]
    ends_on: NDArray[np.int32]
    registration_from: NDArray[np.int32]
    registration_until: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.course)

    def take(self, rows: NDArray[np.bool_]) -> Places:
        """Return the places at ``rows``."""
        return Places(**{name: values[rows] for name, values in vars(self).items()})

    @property
    def located(self) -> NDArray[np.bool_]:
        """Whether each place can be found on a map."""
        return ~np.isnan(self.latitude)


@dataclass(frozen=True)
class Catalogue:
    """N trainings in the order of their table.

    Integer codes are -1 and floats NaN where a value is not known; days count from 1970-01-01.
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
    places: Places
    regions: RegionTable = field(repr=False)
    withdrawn: NDArray[np.bool_]

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
    def facts(self) -> list[dict[str, Any]]:
        """What an answer tells of each training."""
        return self.table.select(column.col for column in FACTS).to_dicts()

    @cached_property
    def category_index(self) -> dict[str, int]:
        """Topic, in small letters -> its number."""
        return {name.casefold(): number for number, name in enumerate(self.categories)}

    @cached_property
    def index(self) -> dict[str, int]:
        """``course_id`` -> row."""
        return {course_id: row for row, course_id in enumerate(self.ids)}

    def without(self, course_ids: set[str]) -> Catalogue:
        """Return the catalogue with trainings withdrawn; every row keeps its number."""
        gone = self.table[C.course_id.name].is_in(list(course_ids)).to_numpy()
        return replace(self, withdrawn=self.withdrawn | gone)

    @cached_property
    def taught(self) -> NDArray[np.int32]:
        """Skills that each training teaches, (N, most of one) padded with -1."""
        return padded(self.skills, np.arange(len(self)))

    @cached_property
    def needed(self) -> NDArray[np.int32]:
        """Trainings that each one needs first, (N, most of one) padded with -1."""
        return padded(self.prerequisites, np.arange(len(self)))

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
        return ones_at(np.arange(len(self)), self.category, (len(self), len(self.categories)))

    @cached_property
    def field(self) -> NDArray[np.int32]:
        """The topic of each training, the first where none is known, (N,)."""
        return np.maximum(self.category, 0)

    @cached_property
    def topics_of_skills(self) -> NDArray[np.float32]:
        """A one where some training of a topic teaches a skill, (S, at least one topic)."""
        shape = (len(self), max(len(self.categories), 1))
        taught = self.skills.T @ ones_at(np.arange(len(self)), self.field, shape)
        return np.asarray(taught.toarray() > 0, dtype=np.float32)

    @cached_property
    def spots(self) -> tuple[Spots, NDArray[np.int64]]:
        """Each distinct spot of the places once, and the number of each place's (P,)."""
        return Spots.distinct(self.places)

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
    category, categories = _factorised(courses[C.category.name])
    provider, providers = _factorised(courses[C.provider_id.name])
    rows, needed = exploded(courses[C.prerequisites.name])
    prerequisites = ones_at(
        rows, positions(needed, lambda name: index.get(name, -1)), (len(courses), len(courses))
    )
    return Catalogue(
        table=courses,
        classes=classes,
        price=courses[C.price_idr.name].to_numpy(),
        duration_hours=filled(courses[C.duration_hours.name], np.nan, np.float64),
        mode=codes_of(courses[C.mode.name], MODES),
        level=codes_of(courses[C.level.name], LEVELS),
        category=category,
        categories=categories,
        provider=provider,
        providers=providers,
        available_from=days(courses[C.available_from.name], 0),
        available_until=days(courses[C.available_until.name], FAR_FUTURE),
        skills=indicator(courses[C.skills.name], skills.find, len(skills)),
        prerequisites=prerequisites,
        minimum_education=codes_of(courses[C.minimum_education.name], EDUCATIONS),
        needs_device=courses[C.needs_device.name].fill_null(False).to_numpy(),
        needs_connection=courses[C.needs_connection.name].fill_null(False).to_numpy(),
        places=_places(courses, classes, index, regions),
        regions=regions,
        withdrawn=np.zeros(len(courses), dtype=bool),
    )


def _places(
    courses: pl.DataFrame, classes: pl.DataFrame, index: dict[str, int], regions: RegionTable
) -> Places:
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
    )
    held = classes.filter(K.course_id.col.is_in(list(index))).select(
        *(pl.col(column) for column in homes.columns[:5]),
        K.starts_on.col.to_physical(),
        K.ends_on.col.to_physical(),
        K.registration_from.col.to_physical().fill_null(-1),
        K.registration_until.col.to_physical().fill_null(-1),
    )
    rows = pl.concat([held, homes])
    course = positions(rows[K.course_id.name], index.__getitem__)
    order = np.argsort(course, kind="stable")
    rows, course = rows[order], course[order]
    region = codes_of(rows[K.region_code.name], regions.codes)
    latitude, longitude, exact = located(
        region, rows[K.latitude.name], rows[K.longitude.name], regions
    )
    return Places(
        course=course,
        region=region,
        landmass=np.where(region >= 0, regions.landmass[region], -1).astype(np.int32),
        latitude=latitude,
        longitude=longitude,
        exact=exact,
        **{name: rows[name].to_numpy() for name in homes.columns[4:]},
    )


def located(
    region: NDArray[np.int32], latitude: Column, longitude: Column, regions: RegionTable
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return own coordinates where both are given, otherwise the region's or NaN; and which are own."""
    given = [filled(degrees, np.nan, np.float64) for degrees in (latitude, longitude)]
    own = ~np.isnan(given[0]) & ~np.isnan(given[1])
    known = region >= 0
    of_region = (
        np.where(known, regions.latitude[region], np.nan),
        np.where(known, regions.longitude[region], np.nan),
    )
    return (
        np.where(own, given[0], of_region[0]),
        np.where(own, given[1], of_region[1]),
        own,
    )


def _factorised(values: pl.Series) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    names = tuple(values.drop_nulls().unique().sort())
    return codes_of(values, names), names
