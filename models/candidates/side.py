"""What is known of courses and participants beside their events."""

from __future__ import annotations

from dataclasses import dataclass

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
        Multi-hot attributes of the participants in the interactions: regions, groups or cohorts.
    """

    item_vectors: NDArray[np.float32] | None = None
    item_attributes: sp.csr_matrix | None = None
    user_attributes: sp.csr_matrix | None = None
