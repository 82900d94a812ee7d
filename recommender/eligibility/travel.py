"""How far a training is from a person, and whether that is in reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue, Places
from recommender.catalogue.locations import Located, Spots
from recommender.participants.batch import ParticipantBatch
from training_data.programmes.rules import ReachRule
from training_data.regions import RegionTable, great_circle_km

CELLS = 4_000_000  # ways held at a time: bounds memory


@dataclass(frozen=True)
class Roads:
    """The ways that lead to the open places of a catalogue.

    Attributes
    ----------
    spots : Spots
        The distinct spots of the places.
    spot : ndarray of int64, shape (Q,)
        The spot of each open place; they stand in the order of the trainings.
    starts : ndarray of int64, shape (A,)
        The first open place of each training that has one.
    courses : ndarray of int32, shape (A,)
        Those trainings, ascending.
    column : ndarray of int32, shape (N,)
        Position of each training in ``courses``; A for those without a place.
    """

    spots: Spots
    spot: NDArray[np.int64]
    starts: NDArray[np.int64]
    courses: NDArray[np.int32]
    column: NDArray[np.int32]
    regions: RegionTable
    rule: ReachRule | None

    @classmethod
    def to(cls, catalogue: Catalogue, rows: NDArray[np.bool_], rule: ReachRule | None) -> Roads:
        """Return the ways to the places ``rows`` (P,)."""
        spots, spot_of_place = catalogue.spots
        course = catalogue.places.course[rows]
        starts = np.flatnonzero(
            np.diff(course, prepend=-1)
        )  # places stand in the order of trainings
        courses = course[starts].astype(np.int32)
        column = np.full(len(catalogue), len(courses), dtype=np.int32)
        column[courses] = np.arange(len(courses))
        return cls(spots, spot_of_place[rows], starts, courses, column, catalogue.regions, rule)

    def km_from(self, origins: Spots) -> NDArray[np.float32]:
        """Return the way to the nearest place of each training, shape (O, A + 1); the last is infinite."""
        km = np.full((len(origins), len(self.courses) + 1), np.inf, dtype=np.float32)
        size = max(1, CELLS // max(len(self.spot), 1))
        for first in range(0, len(origins) if len(self.courses) else 0, size):
            some = slice(first, first + size)
            way = way_km(Spots.of(origins, (some, None)), self.spots, self.regions, self.rule)
            km[some, :-1] = np.minimum.reduceat(way[:, self.spot], self.starts, axis=1)
        return km

    @cached_property
    def km_from_regions(self) -> NDArray[np.float32]:
        """The way from the middle of each region, and from nowhere, shape (R + 1, A + 1)."""
        nowhere = np.full((1, len(self.courses) + 1), np.inf, dtype=np.float32)
        return np.concatenate([self.km_from(self._middles), nowhere])

    @cached_property
    def nearest_to_regions(self) -> NDArray[np.int32]:
        """The nearest open place of each training to the middle of each region, shape (R + 1, A + 1).

        That is a row of the open places, the first of equally near ones; -1 in the last column, of no training.
        """
        count = len(self.spot)
        near = np.full((len(self.regions) + 1, len(self.courses) + 1), -1, dtype=np.int32)
        near[-1, :-1] = self.starts
        sizes = np.diff(self.starts, append=count)
        size = max(1, CELLS // max(count, 1))
        for first in range(0, len(self.regions) if count else 0, size):
            some = slice(first, min(first + size, len(self.regions)))
            way = way_km(Spots.of(self._middles, (some, None)), self.spots, self.regions, self.rule)
            way = way[:, self.spot]
            least = np.repeat(np.minimum.reduceat(way, self.starts, axis=1), sizes, axis=1)
            place = np.where(way == least, np.arange(count, dtype=np.int32), count)
            near[some, :-1] = np.minimum.reduceat(place, self.starts, axis=1)
        return near

    @cached_property
    def _middles(self) -> Spots:
        regions = self.regions
        inside = np.zeros(len(regions), dtype=bool)
        return Spots(
            np.arange(len(regions), dtype=np.int32),
            regions.landmass,
            regions.latitude,
            regions.longitude,
            inside,
        )


@dataclass(frozen=True)
class Travel:
    """Travel from each origin to the nearest place of each training one goes to.

    Attributes
    ----------
    origin : ndarray of int64, shape (B,)
        Row of ``km`` of each participant.
    courses : ndarray of int32, shape (A,)
        The trainings that have a place, ascending.
    column : ndarray of int32, shape (N,)
        Column of ``km`` of each training; the last, which is infinite, for those without a place.
    km : ndarray of float32, shape (O, A + 1)
        The way as the rules count it; see `way_km`.
    """

    origin: NDArray[np.int64]
    courses: NDArray[np.int32]
    column: NDArray[np.int32]
    km: NDArray[np.float32]

    def of(self, rows: NDArray[np.integer], courses: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the travel of participants ``rows`` to trainings ``courses`` (broadcast together)."""
        km: NDArray[np.float32] = self.km[self.origin[rows], self.column[courses]]
        return km


def travel(batch: ParticipantBatch, roads: Roads) -> Travel:
    """Measure the way from each participant to the nearest place of each training."""
    if batch.exact.any():
        origins, origin = Spots.distinct(batch)
        return Travel(origin, roads.courses, roads.column, roads.km_from(origins))
    homes = _homes(batch, roads)
    return Travel(homes, roads.courses, roads.column, roads.km_from_regions)


def _homes(batch: ParticipantBatch, roads: Roads) -> NDArray[np.int64]:
    """Return the row of each participant in what is told from the middles of regions."""
    return np.where(batch.region >= 0, batch.region, len(roads.regions)).astype(np.int64)


def way_km(
    origins: Located, places: Located, regions: RegionTable, rule: ReachRule | None
) -> NDArray[np.float32]:
    """Return the way from each origin to each place as the rules count it; shapes broadcast.

    The great-circle distance; shortened between touching regions whose centroids alone are known,
    longer by a sea crossing, 0 within one's own region, infinite where either end is on no map.
    """
    here = origins.region
    way = great_circle_km(origins.latitude, origins.longitude, places.latitude, places.longitude)
    if rule is not None:
        touching = regions.are_neighbours(here, places.region)
        touching &= ~origins.exact & ~places.exact
        shorter = np.maximum(way / 2, way - rule.neighbour_km)
        way = np.where(touching, shorter, way)
        from_land, to_land = origins.landmass, places.landmass
        overseas = (from_land != to_land) & (from_land >= 0) & (to_land >= 0)
        way = np.where(overseas, way + rule.sea_crossing_km, way)
    way = np.where((here == places.region) & (here >= 0), 0.0, way)
    return np.where(np.isnan(way), np.inf, way).astype(np.float32)


def nearest_places(
    batch: ParticipantBatch,
    rows: NDArray[np.integer],
    courses: NDArray[np.integer],
    open_places: Places,
    roads: Roads,
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Return the nearest open place of each pair's training, and the great-circle km to it.

    Parameters
    ----------
    rows, courses : ndarray of int, shape (M,)
    open_places : Places
        In the order of the trainings.
    roads : Roads
        To all of them.

    Returns
    -------
    place : ndarray of int, shape (M,)
        Row of ``open_places``; -1 where the training has none.
    km : ndarray of float64, shape (M,)
        NaN where either end is on no map.
    """
    if not len(open_places):
        return np.full(len(rows), -1), np.full(len(rows), np.nan)
    if batch.exact[rows].any():
        nearest = _nearest(batch, rows, courses, open_places, roads)
    else:
        nearest = roads.nearest_to_regions[_homes(batch, roads)[rows], roads.column[courses]]
    km = great_circle_km(
        batch.latitude[rows],
        batch.longitude[rows],
        open_places.latitude[nearest],
        open_places.longitude[nearest],
    )
    return nearest, np.where(nearest >= 0, km, np.nan)


def _nearest(
    batch: ParticipantBatch,
    rows: NDArray[np.integer],
    courses: NDArray[np.integer],
    open_places: Places,
    roads: Roads,
) -> NDArray[np.int64]:
    """Return the nearest open place of each pair's training to where the person really lives, -1 for none."""
    first, end = (np.searchsorted(open_places.course, courses, side) for side in ("left", "right"))
    steps = np.arange((end - first).max(initial=0))
    if not len(steps):
        return np.full(len(rows), -1)
    held = steps < (end - first)[:, None]
    places = np.where(held, first[:, None] + steps, 0)
    here = Spots.of(batch, (rows, None))
    there = Spots.of(open_places, places)
    way = np.where(held, way_km(here, there, roads.regions, roads.rule), np.inf)
    nearest = np.take_along_axis(places, way.argmin(axis=1)[:, None], axis=1)[:, 0]
    return np.where(held.any(axis=1), nearest, -1)


def radius_km(batch: ParticipantBatch, rule: ReachRule | None) -> NDArray[np.float32]:
    """Return how far each participant travels: as they said, else by rule, else without limit."""
    urban, rural = (rule.urban_km, rule.rural_km) if rule else (np.inf, np.inf)
    usual = np.where(batch.rural, rural, urban)
    return np.where(np.isnan(batch.radius_km), usual, batch.radius_km).astype(np.float32)
