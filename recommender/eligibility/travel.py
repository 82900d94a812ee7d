"""The travel rule: how far a training is from a person, and how far the person travels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue, Sessions
from recommender.catalogue.locations import Locations
from recommender.participants.batch import ParticipantBatch
from training_data.programmes.rules import ReachRule
from training_data.regions import RegionTable, great_circle_km

CELLS = 4_000_000  # distances held at a time: bounds memory


@dataclass(frozen=True)
class Routes:
    """The routes that lead to some sessions of a catalogue.

    Attributes
    ----------
    locations : Locations
        The distinct locations of all sessions.
    location : ndarray of int64, shape (Q,)
        The location of each session that is gone to; they stand in the order of the trainings.
    starts : ndarray of int64, shape (A,)
        The first of these sessions of each training that has one.
    courses : ndarray of int32, shape (A,)
        Those trainings, ascending.
    column : ndarray of int32, shape (N,)
        Position of each training in ``courses``; A for those without such a session.
    """

    locations: Locations
    location: NDArray[np.int64]
    starts: NDArray[np.int64]
    courses: NDArray[np.int32]
    column: NDArray[np.int32]
    regions: RegionTable
    rule: ReachRule | None

    @classmethod
    def to(cls, catalogue: Catalogue, rows: NDArray[np.bool_], rule: ReachRule | None) -> Routes:
        """Return the routes to the sessions ``rows`` (P,)."""
        locations, number = catalogue.distinct_locations
        course = catalogue.sessions.course[rows]
        starts = np.flatnonzero(np.diff(course, prepend=-1))  # sessions stand training by training
        courses = course[starts].astype(np.int32)
        column = np.full(len(catalogue), len(courses), dtype=np.int32)
        column[courses] = np.arange(len(courses))
        return cls(locations, number[rows], starts, courses, column, catalogue.regions, rule)

    def measure_from(self, origins: Locations) -> NDArray[np.float32]:
        """Return the km to the nearest session of each training, shape (O, A + 1); the last is infinite."""
        km = np.full((len(origins), len(self.courses) + 1), np.inf, dtype=np.float32)
        for some, away in self._iterate_distances(origins):
            km[some, :-1] = np.minimum.reduceat(away, self.starts, axis=1)
        return km

    @cached_property
    def km_from_regions(self) -> NDArray[np.float32]:
        """The km from the centroid of each region, and from an unknown one, shape (R + 1, A + 1)."""
        unknown = np.full((1, len(self.courses) + 1), np.inf, dtype=np.float32)
        return np.concatenate([self.measure_from(self._centroids), unknown])

    @cached_property
    def km_to_locations(self) -> NDArray[np.float32]:
        """The km from the centroid of each region, and from an unknown one, to each location, (R + 1, L)."""
        here = self._centroids.take((slice(None), None))
        km = measure_km(here, self.locations, self.regions, self.rule)
        return np.concatenate([km, np.full((1, len(self.locations)), np.inf, dtype=np.float32)])

    @cached_property
    def told_km_to_locations(self) -> NDArray[np.float64]:
        """The same as people are told; NaN where either end is on no map."""
        here = self._centroids.take((slice(None), None))
        km = _measure_told(here, self.locations, self.regions)
        return np.concatenate([km, np.full((1, len(self.locations)), np.nan)])

    @cached_property
    def nearest_to_regions(self) -> NDArray[np.int32]:
        """The nearest session of each training to the centroid of each region, shape (R + 1, A + 1).

        That is a row of the sessions, the first of equally near ones; -1 in the last column, of no training.
        """
        count = len(self.location)
        nearest = np.full((len(self.regions) + 1, len(self.courses) + 1), -1, dtype=np.int32)
        nearest[-1, :-1] = self.starts
        sizes = np.diff(self.starts, append=count)
        for some, away in self._iterate_distances(self._centroids):
            least = np.repeat(np.minimum.reduceat(away, self.starts, axis=1), sizes, axis=1)
            session = np.where(away == least, np.arange(count, dtype=np.int32), count)
            nearest[some, :-1] = np.minimum.reduceat(session, self.starts, axis=1)
        return nearest

    def _iterate_distances(self, origins: Locations) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yield the km from blocks of origins to every session: the rows, and their part (n, Q)."""
        size = max(1, CELLS // max(len(self.location), 1))
        for first in range(0, len(origins) if len(self.courses) else 0, size):
            some = slice(first, min(first + size, len(origins)))
            away = measure_km(origins.take((some, None)), self.locations, self.regions, self.rule)
            yield some, away[:, self.location]

    @cached_property
    def _centroids(self) -> Locations:
        return Locations.of_centroids(self.regions)


@dataclass(frozen=True)
class Travel:
    """Travel from each origin to the nearest session of each training one goes to.

    Attributes
    ----------
    origin : ndarray of int64, shape (B,)
        Row of ``km`` of each participant.
    courses : ndarray of int32, shape (A,)
        The trainings one goes to, ascending.
    column : ndarray of int32, shape (N,)
        Column of ``km`` of each training; the last, which is infinite, for those one does not go to.
    km : ndarray of float32, shape (O, A + 1)
        As the rules count them; see `measure_km`.
    """

    origin: NDArray[np.int64]
    courses: NDArray[np.int32]
    column: NDArray[np.int32]
    km: NDArray[np.float32]

    def between(
        self, rows: NDArray[np.integer], courses: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the km from participants ``rows`` to trainings ``courses`` (broadcast together)."""
        km: NDArray[np.float32] = self.km[self.origin[rows], self.column[courses]]
        return km


def measure_travel(batch: ParticipantBatch, routes: Routes) -> Travel:
    """Measure the travel from each participant to the nearest session of each training."""
    if batch.home.exact.any():
        origins, origin = batch.home.distinct()
        return Travel(origin, routes.courses, routes.column, routes.measure_from(origins))
    return Travel(
        _region_rows(batch, routes), routes.courses, routes.column, routes.km_from_regions
    )


def _region_rows(batch: ParticipantBatch, routes: Routes) -> NDArray[np.int64]:
    """Return the row of each participant in what is measured from the centroids of regions."""
    region = batch.home.region
    return np.where(region >= 0, region, len(routes.regions)).astype(np.int64)


def measure_km(
    origins: Locations, targets: Locations, regions: RegionTable, rule: ReachRule | None
) -> NDArray[np.float32]:
    """Return the km from each origin to each target as the rules count them; shapes broadcast.

    The great-circle distance; between regions alone the known way, or shortened where they touch;
    from a region alone to a known place as the known way and the centroids tell; longer by a sea
    crossing or a missing road, 0 within one's own region but from island to island, infinite where
    either end is on no map.
    """
    here = origins.region
    km = great_circle_km(origins.latitude, origins.longitude, targets.latitude, targets.longitude)
    within = (here == targets.region) & (here >= 0)
    if rule is not None:
        there = targets.region
        regions_alone = ~origins.exact & ~targets.exact
        touching = regions.are_neighbours(here, there) & regions_alone
        km = np.where(touching, np.maximum(km / 2, km - rule.neighbour_km), km)
        km = _follow_known_ways(km, origins, targets, regions)
        overseas = regions.crosses_sea(here, there, origins.landmass, targets.landmass)
        km = np.where(overseas, km + rule.sea_crossing_km, km)
        km = np.where(regions.lack_road(here, there), km + rule.farthest_km, km)
        on_two_islands = (origins.landmass != targets.landmass) & origins.exact & targets.exact
        within &= ~on_two_islands
    km = np.where(within, 0.0, km)
    return np.where(np.isnan(km), np.inf, km).astype(np.float32)


def _follow_known_ways(
    km: NDArray[np.float64], origins: Locations, targets: Locations, regions: RegionTable
) -> NDArray[np.float64]:
    """Return the km with the known way between regions, unless both places are known.

    Where one is, the way is as much longer as between the centroids; or shorter, down to the known way,
    as the centroid of the other may lie far from where its people live.
    """
    way = regions.way_km(origins.region, targets.region)
    known = ~np.isnan(way)
    km = np.where(known & ~origins.exact & ~targets.exact, way, km)
    cells = np.nonzero(known & (origins.exact ^ targets.exact))
    if len(cells[0]):
        here, there = (np.broadcast_to(one.region, km.shape)[cells] for one in (origins, targets))
        latitude, longitude = regions.latitude, regions.longitude
        centroids = great_circle_km(
            latitude[here], longitude[here], latitude[there], longitude[there]
        )
        crow, road = km[cells], way[cells]
        detour = road - centroids
        shorter = np.minimum(crow, np.maximum(road, crow + detour))
        km[cells] = np.where(detour > 0, crow + detour, shorter)
    return km


def measure_to_locations(
    batch: ParticipantBatch,
    rows: NDArray[np.integer],
    catalogue: Catalogue,
    routes: Routes,
    sessions: NDArray[np.integer] | None = None,
) -> NDArray[np.float32]:
    """Return the km from participants ``rows`` (M,) to each location of the catalogue's sessions, (M, L).

    Or to those of some ``sessions`` (M, S) of each participant alone.
    """
    locations, number = catalogue.distinct_locations
    region, own = _region_rows(batch, routes)[rows], np.flatnonzero(batch.home.exact[rows])
    here = batch.home.take((rows[own], None))
    if sessions is None:
        km: NDArray[np.float32] = routes.km_to_locations[region]
    else:
        km = routes.km_to_locations[region[:, None], number[sessions]]
        locations = locations.take(number[sessions[own]])
    if len(own):
        km[own] = measure_km(here, locations, routes.regions, routes.rule)
    return km


def measure_told_km(
    batch: ParticipantBatch,
    rows: NDArray[np.integer],
    sessions: NDArray[np.integer],
    catalogue: Catalogue,
    routes: Routes,
) -> NDArray[np.float64]:
    """Return the km that participants ``rows`` (M,) are told to sessions of the catalogue (M,).

    As the crow flies; by the known way where a place is known by its region alone. NaN without a map.
    """
    locations, number = catalogue.distinct_locations
    there = number[sessions]
    km: NDArray[np.float64] = routes.told_km_to_locations[_region_rows(batch, routes)[rows], there]
    own = np.flatnonzero(batch.home.exact[rows])
    if len(own):
        here, to = batch.home.take(rows[own]), locations.take(there[own])
        km[own] = _measure_told(here, to, routes.regions)
    return km


def _measure_told(
    origins: Locations, targets: Locations, regions: RegionTable
) -> NDArray[np.float64]:
    km = great_circle_km(origins.latitude, origins.longitude, targets.latitude, targets.longitude)
    return _follow_known_ways(km, origins, targets, regions)


def find_nearest_sessions(
    batch: ParticipantBatch,
    rows: NDArray[np.integer],
    courses: NDArray[np.integer],
    sessions: Sessions,
    routes: Routes,
) -> NDArray[np.integer]:
    """Return the nearest session of each pair's training, (M,): its row of ``sessions``, -1 where there is none.

    Parameters
    ----------
    rows, courses : ndarray of int, shape (M,)
    sessions : Sessions
        In the order of the trainings.
    routes : Routes
        To all of them.
    """
    if not len(sessions):
        return np.full(len(rows), -1)
    if batch.home.exact[rows].any():
        return _search_sessions(batch.home, rows, courses, sessions, routes)
    nearest: NDArray[np.int64] = routes.nearest_to_regions[
        _region_rows(batch, routes)[rows], routes.column[courses]
    ]
    return nearest


def _search_sessions(
    home: Locations,
    rows: NDArray[np.integer],
    courses: NDArray[np.integer],
    sessions: Sessions,
    routes: Routes,
) -> NDArray[np.int64]:
    """Return the nearest session of each pair's training to where the person really lives, -1 for none."""
    first, end = (np.searchsorted(sessions.course, courses, side) for side in ("left", "right"))
    steps = np.arange((end - first).max(initial=0))
    if not len(steps):
        return np.full(len(rows), -1)
    real = steps < (end - first)[:, None]
    found = np.where(real, first[:, None] + steps, 0)
    km = measure_km(
        home.take((rows, None)), sessions.location.take(found), routes.regions, routes.rule
    )
    km = np.where(real, km, np.inf)
    nearest = np.take_along_axis(found, km.argmin(axis=1)[:, None], axis=1)[:, 0]
    return np.where(real.any(axis=1), nearest, -1)


def find_radius(batch: ParticipantBatch, rule: ReachRule | None) -> NDArray[np.float32]:
    """Return how far each participant travels, in km: as they said, else by rule, else without limit."""
    urban, rural = (rule.urban_km, rule.rural_km) if rule else (np.inf, np.inf)
    usual = np.where(batch.rural, rural, urban)
    return np.where(np.isnan(batch.radius_km), usual, batch.radius_km).astype(np.float32)
