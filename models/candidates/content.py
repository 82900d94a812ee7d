"""Courses that read like what one took: the cosine of text or attribute vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.base import CandidateModel
from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.recency import by_position
from models.candidates.side import SideInformation
from models.candidates.top_k import Scores
from models.vectors import unit


@dataclass
class Content(CandidateModel):
    """Likeness to the participant's courses; serves a new course on the day it enters.

    Text vectors are centred, for sentence encoders put all texts in one narrow cone; attributes are weighted by how
    rare they are.

    Parameters
    ----------
    keep : float
        Weight of the course before, relative to the one after it, in a participant's history.
    attribute_weight : float
        Share of the attributes in the likeness, where there are texts too.
    """

    keep: float = 0.8
    attribute_weight: float = 0.5

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Keep the vectors of the courses."""
        vectors = item_vectors(side, self.attribute_weight)
        nothing = np.zeros((interactions.n_items, 1), dtype=np.float32)
        self.vectors_ = nothing if vectors is None else vectors
        return self

    def score(self, batch: Histories) -> Scores:
        """Return the likeness of every course to the mean of the history; 0 for an empty one."""
        history = batch.matrix(by_position(batch, self.keep))
        profile = unit(np.asarray(history @ self.vectors_))
        return profile @ self.vectors_.T


def item_vectors(
    side: SideInformation | None, attribute_weight: float, components: int = 256
) -> NDArray[np.float32] | None:
    """Return unit vectors of the courses from texts and attributes, (N, D); None where there are neither."""
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
