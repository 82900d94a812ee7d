"""How far a training is from a person, and whether that is in reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Places
from recommender.participants import ParticipantBatch
from training_data.regions import RegionTable, great_circle_km
from training_data.rules import ReachRule

CELLS = 4_000_000  # ways held at a time: bounds memory


class Located(Protocol):
    """What has a place: participants and places of trainings alike."""

    @property
    def region(self) -> NDArray[np.int32]:
        """Region id, -1 where not known."""

    @property
    def landmass(self) -> NDArray[np.int32]:
        """Number of the island, -1 where not known."""

    @property
    def latitude(self) -> NDArray[np.float64]:
        """Degrees north, NaN where not known."""

    @property
    def longitude(self) -> NDArray[np.float64]:
        """Degrees east, NaN where not known."""

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Whether the coordinates are its own and not its region's."""


@dataclass(frozen=True)
class Spots:
    """Spots on the map; see `Located`."""

    region: NDArray[np.int32]
    landmass: NDArray[np.int32]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    exact: NDArray[np.bool_]

    @classmethod
    def of(cls, located: Located, rows: NDArray[np.integer] | slice = slice(None)) -> Spots:
        """Return the spots at ``rows`` of whatever is located."""
        return cls(
            located.region[rows],
            located.landmass[rows],
            located.latitude[rows],
            located.longitude[rows],
            located.exact[rows],
        )

    @classmethod
    def distinct(cls, located: Located) -> tuple[Spots, NDArray[np.int64]]:
        """Return each distinct spot once, and the number of each row's spot."""
        table = np.column_stack(list(vars(cls.of(located)).values())).astype(np.float64)
        _, first, number = np.unique(
            table, axis=0, return_index=True, return_inverse=True, equal_nan=True
        )
        return cls.of(located, first), number.reshape(-1)

    def __len__(self) -> int:
        return len(self.region)


@dataclass(frozen=True)
class Travel:
    """Travel from each distinct origin of a batch to the nearest place of each training one goes to.

    Attributes
    ----------
    origin : ndarray of int64, shape (B,)
        Row of ``km`` of each participant.
    courses : ndarray of int64, shape (A,)
        The trainings that have a place, ascending.
    column : ndarray of int64, shape (N,)
        Column of ``km`` of each training; the last, which is infinite, for those without a place.
    km : ndarray of float32, shape (O, A + 1)
        The way as the rules count it; see `way_km`.
    """

    origin: NDArray[np.int64]
    courses: NDArray[np.int64]
    column: NDArray[np.int64]
    km: NDArray[np.float32]

    def of(self, rows: NDArray[np.integer], courses: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the travel of participants ``rows`` to trainings ``courses`` (broadcast together)."""
        km: NDArray[np.float32] = self.km[self.origin[rows], self.column[courses]]
        return km


def travel(
    batch: ParticipantBatch,
    places: Places,
    n_courses: int,
    regions: RegionTable,
    rule: ReachRule | None,
) -> Travel:
    """Measure the way from each participant to the nearest of each training's ``places``."""
    origins, origin = Spots.distinct(batch)
    order = np.argsort(places.course, kind="stable")
    courses, starts = np.unique(places.course[order].astype(np.int64), return_index=True)
    column = np.full(n_courses, len(courses), dtype=np.int64)
    column[courses] = np.arange(len(courses))
    km = np.full((len(origins), len(courses) + 1), np.inf, dtype=np.float32)
    if len(courses):
        spots, spot = Spots.distinct(places)
        size = max(1, CELLS // len(order))
        for first in range(0, len(origins), size):
            some = slice(first, first + size)
            way = way_km(Spots.of(origins, some), spots, regions, rule)
            km[some, :-1] = np.minimum.reduceat(way[:, spot[order]], starts, axis=1)
    return Travel(origin, courses, column, km)


def way_km(
    origins: Located, places: Located, regions: RegionTable, rule: ReachRule | None
) -> NDArray[np.float32]:
    """Return the way from each origin to each place as the rules count it, shape (O, P).

    The great-circle distance; shortened between touching regions whose centroids alone are known,
    longer by a sea crossing, 0 within one's own region, infinite where either end is on no map.
    """
    here = origins.region[:, None]
    way = great_circle_km(
        origins.latitude[:, None], origins.longitude[:, None], places.latitude, places.longitude
    )
    if rule is not None:
        touching = regions.are_neighbours(here, places.region)
        touching &= ~origins.exact[:, None] & ~places.exact
        shorter = np.maximum(way / 2, way - rule.neighbour_km)
        way = np.where(touching, shorter, way)
        from_land, to_land = origins.landmass[:, None], places.landmass
        overseas = (from_land != to_land) & (from_land >= 0) & (to_land >= 0)
        way = np.where(overseas, way + rule.sea_crossing_km, way)
    way = np.where((here == places.region) & (here >= 0), 0.0, way)
    return np.where(np.isnan(way), np.inf, way).astype(np.float32)


def nearest_place(
    batch: ParticipantBatch, row: int, places: Places, regions: RegionTable, rule: ReachRule | None
) -> tuple[int, float]:
    """Return which of ``places`` is nearest to one participant, and the great-circle km to it."""
    here = Spots.of(batch, np.array([row]))
    nearest = int(way_km(here, places, regions, rule)[0].argmin())
    km = great_circle_km(
        here.latitude[0],
        here.longitude[0],
        places.latitude[nearest],
        places.longitude[nearest],
    )
    return nearest, float(km)


def radius_km(batch: ParticipantBatch, rule: ReachRule | None) -> NDArray[np.float32]:
    """Return how far each participant travels: as they said, else by rule, else without limit."""
    urban, rural = (rule.urban_km, rule.rural_km) if rule else (np.inf, np.inf)
    usual = np.where(batch.rural, rural, urban)
    return np.where(np.isnan(batch.radius_km), usual, batch.radius_km).astype(np.float32)
