"""Locations on the map: homes of participants and sessions of trainings alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training_data.arrays import Column, fill_nulls
from training_data.columnar import Columnar
from training_data.regions import RegionTable


@dataclass(frozen=True)
class Locations(Columnar):
    """Points on the map, in arrays of one shape.

    Attributes
    ----------
    region, landmass : ndarray of int32
        Region id and number of the island; -1 where not known.
    latitude, longitude : ndarray of float64
        Degrees; NaN where not known.
    exact : ndarray of bool
        Whether the coordinates are its own and not its region's.
    """

    region: NDArray[np.int32]
    landmass: NDArray[np.int32]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    exact: NDArray[np.bool_]

    @classmethod
    def in_regions(
        cls,
        region: NDArray[np.int32],
        latitude: Column,
        longitude: Column,
        regions: RegionTable,
    ) -> Self:
        """Return locations with their own coordinates where both are given, otherwise their region's."""
        given = [fill_nulls(degrees, np.nan, np.float64) for degrees in (latitude, longitude)]
        exact = ~np.isnan(given[0]) & ~np.isnan(given[1])
        known = region >= 0
        of_region = [
            np.where(known, degrees[region], np.nan)
            for degrees in (regions.latitude, regions.longitude)
        ]
        return cls(
            region,
            regions.landmass_at(region, *(np.where(exact, one, np.nan) for one in given)),
            np.where(exact, given[0], of_region[0]),
            np.where(exact, given[1], of_region[1]),
            exact,
        )

    @classmethod
    def of_centroids(cls, regions: RegionTable) -> Self:
        """Return the centroid of each region."""
        return cls(
            np.arange(len(regions), dtype=np.int32),
            regions.landmass,
            regions.latitude,
            regions.longitude,
            np.zeros(len(regions), dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.region)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether each location is on the map."""
        return ~np.isnan(self.latitude)

    def distinct(self) -> tuple[Self, NDArray[np.int64]]:
        """Return each distinct location once, and the number of each row's location."""
        table = np.column_stack(list(vars(self).values())).astype(np.float64)
        table[np.isnan(table)] = np.inf  # rows with a NaN would all be distinct
        _, first, number = np.unique(table, axis=0, return_index=True, return_inverse=True)
        return self.take(first), number.reshape(-1)
