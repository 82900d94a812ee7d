"""One training sold by many: rows of a catalogue that are one training of one provider, on several platforms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from training_data.arrays import build_ones
from training_data.columns import Courses
from training_data.text import normalise

_WORDS = (Courses.title.name, Courses.description.name)
_FACTS = (
    Courses.provider_id.name,
    Courses.mode.name,
    Courses.level.name,
    Courses.language.name,
    Courses.duration_hours.name,
    Courses.region_code.name,
)


@dataclass(frozen=True)
class Offers:
    """Which rows offer the same training.

    Attributes
    ----------
    count : int
        N, rows of the catalogue.
    shared : ndarray of int32, shape (T, most of one)
        Rows of each training that several platforms sell, the cheapest first, padded with -1.
    """

    count: int
    shared: NDArray[np.int32]

    @classmethod
    def find(cls, courses: pl.DataFrame) -> Self:
        """Find rows of equal words, provider and facts, each on a platform of its own.

        What one platform sells twice stays two trainings; a row without a platform is the same as no other.
        """
        key = [*_WORDS, *_FACTS]
        rows = (
            courses.select(*key, Courses.platform.col, Courses.price_idr.col)
            .with_row_index("row")
            .drop_nulls(Courses.platform.name)
            .with_columns(
                pl.col(name).map_elements(normalise, return_dtype=pl.String) for name in _WORDS
            )
            .with_columns(copy=pl.col("row").cum_count().over(*key, Courses.platform.name))
        )
        offers = (
            rows.sort(Courses.price_idr.name, "row")
            .group_by(*key, "copy", maintain_order=True)
            .agg("row")
            .filter(pl.col("row").list.len() > 1)["row"]
            .to_list()
        )
        most = max(map(len, offers), default=0)
        padded = [rows + [-1] * (most - len(rows)) for rows in offers]
        return cls(len(courses), np.array(padded, dtype=np.int32).reshape(len(offers), most))

    @cached_property
    def same(self) -> sp.csr_matrix:
        """A one for each row that a row is the same training as, itself included, (N, N)."""
        every = np.arange(self.count)
        training, columns = np.nonzero(self.shared >= 0)
        number = every.copy()
        number[self.shared[training, columns]] = self.shared[training, 0]
        sold = build_ones(every, number, (self.count, self.count))
        return (sold @ sold.T).tocsr()

    def spread(self, some: sp.csr_matrix) -> sp.csr_matrix:
        """Return people's trainings (B, N) with all offers of each."""
        return some @ self.same if len(self.shared) else some

    def list_others(self, row: int) -> list[int]:
        """Return the other offers of a row's training, the cheapest first."""
        own = self.shared[(self.shared == row).any(axis=1)].ravel()
        return [int(other) for other in own if other not in (-1, row)]

    def keep_cheapest(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a mask (B, N) with one offer of each training, the cheapest that it permits."""
        if not len(self.shared):
            return mask
        kept = mask.copy()
        found = np.zeros((len(mask), len(self.shared)), dtype=bool)
        for column in self.shared.T:
            real = column >= 0
            offered = mask[:, column[real]]
            kept[:, column[real]] = offered & ~found[:, real]
            found[:, real] |= offered
        return kept
