"""Spots on the map: homes of participants and places of trainings alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.integer] | slice | tuple[NDArray[np.integer] | slice, None]


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
    def of(cls, located: Located, rows: Rows = slice(None)) -> Spots:
        """Return the spots at ``rows`` of whatever is located, in the shape of the rows."""
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
        table[np.isnan(table)] = np.inf  # rows with a NaN would all be distinct
        _, first, number = np.unique(table, axis=0, return_index=True, return_inverse=True)
        return cls.of(located, first), number.reshape(-1)

    def __len__(self) -> int:
        return len(self.region)
