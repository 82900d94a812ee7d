"""What models may know of the trainings beside their events."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.side import SideInformation
from recommender.catalogue.catalogue import Catalogue


def describe_courses(
    catalogue: Catalogue,
    vectors: NDArray[np.float32],
    user_attributes: sp.csr_matrix | None = None,
) -> SideInformation:
    """Return texts, (N, D), and skills of the trainings, beside what is known of participants."""
    return SideInformation(
        item_vectors=vectors,
        item_attributes=catalogue.skills,
        user_attributes=user_attributes,
    )
