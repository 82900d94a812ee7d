"""How well a training fits what a person wrote: strong, related or other, calibrated on judged lists."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.features import FEATURES
from recommender.retrieval.sources import Source

# Relevances from which 85% of what is listed is on topic, and from which most of it is; on the tuning half of
# `padan bench answers`.
STRONG_FROM: Final = 0.85
RELATED_FROM: Final = 0.35
CONTENT: Final = FEATURES.index(Source.CONTENT)
"""The feature that grades."""


Fit = Literal["other", "related", "strong"]
FITS: Final[tuple[Fit, ...]] = ("other", "related", "strong")
"""From the worst to the best."""


def grade_fit(features: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return the place in ``FITS`` of each row of features, shape (..., F) -> (...)."""
    relevance = features[..., CONTENT]
    return (relevance >= RELATED_FROM).astype(np.int8) + (relevance >= STRONG_FROM)
