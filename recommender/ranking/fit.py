"""How well a training fits what a person wrote: strong, related or other, calibrated on judged lists."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.features import FEATURES
from recommender.retrieval.sources import Source

# Relevances from which 85% of what is listed is on topic, and from which most of it is; on the tuning half of
# `padan bench answers`.
STRONG_FROM: Final = 0.9
RELATED_FROM: Final = 0.3
_CONTENT: Final = FEATURES.index(Source.CONTENT)


class Fit(StrEnum):
    """How well a training fits, the worst first."""

    OTHER = "other"
    RELATED = "related"
    STRONG = "strong"


FITS: Final = tuple(Fit)


def grade_fit(features: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return the place in ``FITS`` of each row of features, shape (..., F) -> (...)."""
    relevance = features[..., _CONTENT]
    return (relevance >= RELATED_FROM).astype(np.int8) + (relevance >= STRONG_FROM)
