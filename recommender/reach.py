"""How far a training is from a person, and whether that is in reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue import Places
from recommender.participants import ParticipantBatch
from training_data.regions import great_circle_km
from training_data.rules import ReachRule


@dataclass(frozen=True)
class Travel:
    """Travel from each distinct origin of a batch to the nearest place of each training.

    Attributes
    ----------
    origin : ndarray of int64, shape (B,)
        Row of ``km`` of each participant.
    km : ndarray of float32, shape (O, N)
        Great-circle distance plus the allowance for a sea crossing; 0 within one's own region; infinite
        where the training has no open place, or one of the two is on no map.
    """

    origin: NDArray[np.int64]
    km: NDArray[np.float32]

    def of(self, rows: NDArray[np.integer], courses: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the travel of participants ``rows`` to trainings ``courses`` (broadcast together)."""
        return self.km[self.origin[rows], courses]


def travel(
    batch: ParticipantBatch, places: Places, n_courses: int, sea_crossing_km: float
) -> Travel:
    """Measure the way from each participant to the nearest of each training's ``places``."""
    origins, origin = np.unique(
        np.column_stack([batch.region, batch.landmass, batch.latitude, batch.longitude]),
        axis=0,
        return_inverse=True,
        equal_nan=True,
    )
    km = np.full((len(origins), n_courses), np.inf, dtype=np.float32)
    if len(places.course):
        order = np.argsort(places.course, kind="stable")
        places = places.take(order)
        starts = np.flatnonzero(np.r_[True, places.course[1:] != places.course[:-1]])
        way = way_km(
            origins[:, :1],
            origins[:, 1:2],
            origins[:, 2:3],
            origins[:, 3:4],
            places,
            sea_crossing_km,
        )
        km[:, places.course[starts]] = np.minimum.reduceat(way, starts, axis=1)
    return Travel(origin.reshape(-1), km)


def way_km(
    region: NDArray[np.floating],
    landmass: NDArray[np.floating],
    latitude: NDArray[np.floating],
    longitude: NDArray[np.floating],
    places: Places,
    sea_crossing_km: float,
) -> NDArray[np.float32]:
    """Return the way from origins (O, 1) to each place, shape (O, P): see `Travel.km`."""
    way = great_circle_km(latitude, longitude, places.latitude, places.longitude)
    overseas = (landmass != places.landmass) & (landmass >= 0) & (places.landmass >= 0)
    way = np.where(overseas, way + sea_crossing_km, way)
    own_region = (region == places.region) & (region >= 0)
    way = np.where(own_region, 0.0, way)
    return np.where(np.isnan(way), np.inf, way).astype(np.float32)


def radius_km(batch: ParticipantBatch, rule: ReachRule | None) -> NDArray[np.float64]:
    """Return how far each participant travels: as they said, else by rule, else without limit."""
    if rule is None:
        usual = np.full(len(batch), np.inf)
    else:
        usual = np.where(batch.rural, rule.rural_km, rule.urban_km)
    return np.where(np.isnan(batch.radius_km), usual, batch.radius_km)
