"""Vectors of courses from what is known beside their events: texts and attributes."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.side import SideInformation
from models.vectors import unit


def item_vectors(
    side: SideInformation | None, attribute_weight: float, components: int = 256
) -> NDArray[np.float32] | None:
    """Return unit vectors of the courses from texts and attributes, (N, D); None where there are neither.

    Text vectors are centred, for sentence encoders put all texts in one narrow cone; attributes are weighted by how
    rare they are.

    Parameters
    ----------
    attribute_weight : float
        Share of the attributes in the likeness, where there are texts too.
    """
    parts = []
    if side is not None and side.item_vectors is not None:
        centred = side.item_vectors - side.item_vectors.mean(axis=0)
        parts.append(unit(centred) * np.float32(np.sqrt(1 - attribute_weight)))
    if side is not None and side.item_attributes is not None:
        dense = _reduce(side.item_attributes, components)
        parts.append(unit(dense) * np.float32(np.sqrt(attribute_weight)))
    return unit(np.hstack(parts)) if parts else None


def _reduce(attributes: sp.csr_matrix, components: int) -> NDArray[np.float32]:
    """Weigh attributes by rarity; keep inner products in at most ``components`` dimensions."""
    holders = np.asarray(attributes.sum(axis=0)).ravel()
    idf = np.log(attributes.shape[0] / np.maximum(holders, 1)).astype(np.float32)
    weighted = attributes @ sp.diags(idf)
    if attributes.shape[1] <= components:
        return np.asarray(weighted.todense(), dtype=np.float32)
    # signed random projection (Achlioptas): keeps cosines, needs no fit and no tuning
    rng = np.random.default_rng(0)
    signs = rng.choice(np.array([-1, 1], dtype=np.float32), (attributes.shape[1], components))
    return np.asarray(weighted @ signs, dtype=np.float32)
