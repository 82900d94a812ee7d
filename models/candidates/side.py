"""What is known of courses and participants beside their events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class SideInformation:
    """Arrays beside the events; every one may be missing.

    Attributes
    ----------
    item_vectors : ndarray of float32, shape (N, D), optional
        Unit vectors of the courses' texts.
    item_attributes : csr_matrix of float32, shape (N, A), optional
        Multi-hot attributes of courses: topic, level, provider.
    user_attributes : csr_matrix of float32, shape (n_users, P), optional
        Multi-hot attributes of the participants in the interactions: region, group, occupation.
    item_entered : ndarray of int64, shape (N,), optional
        When each course entered the catalogue, in the unit of the events' ``at``.
    user_joined : ndarray of float64, shape (n_users,), optional
        When each participant joined, or any number that orders them by that; nan where it is not known.
    """

    item_vectors: NDArray[Any] | None = None
    item_attributes: sp.csr_matrix | None = None
    user_attributes: sp.csr_matrix | None = None
    item_entered: NDArray[Any] | None = None
    user_joined: NDArray[np.float64] | None = None
