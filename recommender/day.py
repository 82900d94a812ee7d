"""What is worked out of a day's offer once, for all who ask that day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.tiles import Tiles
from recommender.features import of_the_day
from recommender.offer import Offer
from recommender.quality import Quality


class Day:
    """The offer of a day, its features, and the vectors of what is open.

    Parameters
    ----------
    vectors : ndarray of float32, shape (N, D)
        Unit vector of each training's text.

    Attributes
    ----------
    features : ndarray of float32, shape (F, N)
        See `recommender.features.of_the_day`.
    """

    def __init__(self, offer: Offer, quality: Quality, vectors: NDArray[np.float32]) -> None:
        self.offer = offer
        self.features = of_the_day(offer, quality)
        self._closed = offer.closed > 0
        self._open = np.flatnonzero(~self._closed)
        self._vectors = vectors
        self._open_vectors = Tiles(vectors[self._open])

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
        if mask[:, self._closed].any():  # of what was open before, to learn from
            return wished @ self._vectors.T
        scores = np.zeros(mask.shape, dtype=np.float32)
        scores[:, self._open] = self._open_vectors.products(wished)
        return scores
