"""The content source: how near trainings are to profiles, by the vectors of their texts."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.index.tiles import MAX_ROWS, Tiles


class ContentIndex:
    """The vectors of the trainings, laid out for those that are open on a day.

    Parameters
    ----------
    vectors : ndarray of float32, shape (N, D)
        Unit vector of each training's text.
    open_courses : ndarray of int32, shape (M,)
        Rows of the trainings that are not closed to everybody, those together that the same people may take.
    """

    def __init__(self, vectors: NDArray[np.float32], open_courses: NDArray[np.int32]) -> None:
        self._vectors = vectors
        self._open = open_courses
        self._closed = np.ones(len(vectors), dtype=bool)
        self._closed[open_courses] = False

    @cached_property
    def _open_tiles(self) -> Tiles:
        return Tiles(self._vectors[self._open])

    def score(self, profiles: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the cosine of each training and each profile, within a mask (n, N).

        Parameters
        ----------
        profiles : ndarray of float32, shape (n, D)
            Unit vectors.

        Returns
        -------
        ndarray of float32, shape (n, N)
            Where the mask is False it means nothing.
        """
        if (
            len(profiles) > MAX_ROWS or (mask & self._closed).any()
        ):  # as in training, of earlier days
            return profiles @ self._vectors.T
        return self._open_tiles.products_within(profiles, self._open, mask)
