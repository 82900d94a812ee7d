"""What is worked out of a day's offer once, for all who ask that day."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.index.tiles import FEW, Tiles
from recommender.catalogue.quality import Quality
from recommender.eligibility.course_rules import Offer
from recommender.ranking.features import of_the_day


class Day:
    """The offer of a day, its features, and the vectors of what is open.

    Parameters
    ----------
    vectors : ndarray of float32, shape (N, D)
        Unit vector of each training's text.
    """

    def __init__(self, offer: Offer, quality: Quality, vectors: NDArray[np.float32]) -> None:
        self.offer = offer
        self._quality = quality
        self._vectors = vectors
        self._closed = offer.closed > 0

    @cached_property
    def features(self) -> NDArray[np.float32]:
        """What a day's features say of each training, (F, N); see `recommender.ranking.features.of_the_day`."""
        return of_the_day(self.offer, self._quality)

    @cached_property
    def _open(self) -> NDArray[np.int32]:
        """The trainings that are not closed to all, those together that the same people may take.

        That is by the place one goes to, then by price.
        """
        places, catalogue = self.offer.open_places, self.offer.catalogue
        region = np.full(len(catalogue), -1)
        region[places.course[::-1]] = places.region[::-1]
        region[~catalogue.face_to_face] = -1
        order = np.lexsort((catalogue.price, region, catalogue.face_to_face))
        return order[~self._closed[order]].astype(np.int32)

    @cached_property
    def _open_vectors(self) -> Tiles:
        return Tiles(self._vectors[self._open])

    def likeness(self, wished: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return how near each training is to what each of some people wish, within a mask (n, N).

        Parameters
        ----------
        wished : ndarray of float32, shape (n, D)
            Unit vectors.

        Returns
        -------
        ndarray of float32, shape (n, N)
            Where the mask is False it means nothing.
        """
        if (
            len(wished) > FEW or (mask & self._closed).any()
        ):  # as it is of earlier days, to learn from
            return wished @ self._vectors.T
        return self._open_vectors.products_within(wished, self._open, mask)
