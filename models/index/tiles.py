"""A table of vectors, laid out so that a few others are multiplied with all of it in the time it takes to read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.kernels.products import products, products_within

WIDTH: Final = 24  # of a tile, as `models.kernels.products` has it
MAX_ROWS: Final = 64  # for more, BLAS is as fast, and uses all threads


class Tiles:
    """Inner products with the N vectors of a table.

    Parameters
    ----------
    table : ndarray of float32, shape (N, D)
    """

    def __init__(self, table: NDArray[np.float32]) -> None:
        count, dim = table.shape
        tiles = np.zeros((-(-count // WIDTH), WIDTH, dim), dtype=np.float32)
        tiles.reshape(len(tiles) * WIDTH, dim)[:count] = table
        self._count = count
        self._tiles = np.ascontiguousarray(tiles.swapaxes(1, 2))

    def products(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the inner product of each of the vectors (B, D) with each of the table's, shape (B, N)."""
        if len(vectors) > MAX_ROWS:
            return vectors @ self._table().T
        found = np.empty((len(vectors), self._count), dtype=np.float32)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        whole = self._count // WIDTH
        products(rows, self._tiles[:whole], found)
        if whole < len(self._tiles):
            last = np.empty((len(vectors), WIDTH), dtype=np.float32)
            products(rows, self._tiles[whole:], last)
            found[:, whole * WIDTH :] = last[:, : self._count - whole * WIDTH]
        return found

    def products_within(
        self, vectors: NDArray[np.float32], columns: NDArray[np.int32], mask: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the inner products that a mask wants; tiles of which it wants nothing cost nothing.

        Parameters
        ----------
        vectors : ndarray of float32, shape (B, D)
        columns : ndarray of int32, shape (N,)
            Column of each vector of the table, in the mask and in what is returned.
        mask : ndarray of bool, shape (B, W)

        Returns
        -------
        ndarray of float32, shape (B, W)
            Where the mask is False it means nothing.
        """
        found = np.empty(mask.shape, dtype=np.float32)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        products_within(rows, self._tiles, columns, mask, found)
        return found

    def _table(self) -> NDArray[np.float32]:
        """Return the table again: kept beside its tiles, it would take as much memory once more."""
        tiles, dim, _ = self._tiles.shape
        return self._tiles.swapaxes(1, 2).reshape(tiles * WIDTH, dim)[: self._count]
