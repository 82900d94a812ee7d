"""Similar participants: what people like you took, found through FAISS over participant vectors."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from models.candidates.base import State
from models.candidates.histories import Histories, histories
from models.candidates.interactions import Interactions
from models.candidates.item_vectors import item_vectors
from models.candidates.linear import LinearModel
from models.candidates.recency import ages, by_position, decay
from models.candidates.side import SideInformation
from models.candidates.sparse import selection, sums_of_rows
from models.candidates.top_k import Scores
from models.index.sharded import LISTS_A_ROOT, SAMPLE
from models.index.tiles import Tiles
from models.kernels.lists import largest
from models.vectors import unit
from training_data.arrays import build_csr

MAX_EXACT = 20_000  # participants, among whom one product finds the nearest sooner than the index
MAX_FLAT = 200_000  # participants, beyond whom some of the nearest are enough
PROBES = 16  # lists that are looked through, then


@dataclass
class SimilarParticipants(LinearModel):
    """Votes of the ``neighbours`` nearest participants for the courses they took.

    A participant's vector is the mean of the course vectors of the history, and a course's vector comes from who
    took it (a truncated SVD) and, with ``content``, from its text and attributes.

    Parameters
    ----------
    neighbours : int
        Participants who vote.
    dimensions : int
        Of the course vectors from behaviour.
    sharpness : float
        Exponent of the cosine that weighs a vote.
    content : float
        Share of text and attributes in the vectors.
    half_life : float, optional
        Share of all events after which a vote counts half.
    keep : float
        Weight of the course before, relative to the one after it, in a participant's history.
    """

    neighbours: int = 100
    dimensions: int = 128
    sharpness: float = 3.0
    content: float = 0.0
    half_life: float | None = None
    keep: float = 0.9

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Learn the vectors of courses and of everybody who took one."""
        self.items_ = self._item_vectors(interactions, side)
        weighted = Interactions(
            interactions.users,
            interactions.items,
            decay(ages(interactions), self.half_life),
            interactions.n_users,
            interactions.n_items,
        )
        active = np.unique(interactions.users)
        people = histories(interactions, active)
        self.people_ = self._vectors(people)
        self.taken_ = weighted.matrix()[active]
        self.index_ = _index(self.people_)
        return self

    def get_state(self) -> State:
        """Return the arrays; the index is built from them."""
        kept = copy(self)
        del kept.index_
        return super(SimilarParticipants, kept).get_state()

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the model whose :meth:`get_state` this is, its index built anew."""
        model = super().from_state(state)
        model.index_ = _index(model.people_)
        return model

    def _item_vectors(
        self, interactions: Interactions, side: SideInformation | None
    ) -> NDArray[np.float32]:
        taken = interactions.matrix()
        taken.data[:] = 1
        # popular courses and busy participants say less about likeness
        rows = sp.diags(1 / np.sqrt(np.maximum(np.diff(taken.indptr), 1)).astype(np.float32))
        takers = np.maximum(np.bincount(taken.indices, minlength=taken.shape[1]), 1)
        normal = rows @ taken @ sp.diags((1 / np.sqrt(takers)).astype(np.float32))
        dimensions = max(min(self.dimensions, min(taken.shape) - 1), 1)
        _, strength, directions = randomized_svd(normal, dimensions, n_iter=3, random_state=0)
        learnt = unit((directions.T * np.sqrt(strength)).astype(np.float32))
        content = item_vectors(side, 0.5) if self.content > 0 else None
        if content is None:
            return learnt
        parts = (learnt * np.sqrt(1 - self.content), content * np.sqrt(self.content))
        return np.hstack(parts).astype(np.float32)

    def _vectors(self, batch: Histories) -> NDArray[np.float32]:
        return unit(sums_of_rows(*batch.cells(by_position(batch, self.keep)), self.items_))

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:  # noqa: ARG002
        """Return the model for another course table."""
        places = selection(old, len(self.items_))
        model = replace(self)
        model.items_ = places.T @ self.items_
        model.people_, model.index_ = self.people_, self.index_
        model.taken_ = (self.taken_ @ places).tocsr()
        return model

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return the weights of the neighbours' votes; none for an empty history."""
        known = np.flatnonzero(batch.lengths)
        starts, who, near = self._nearest(self._vectors(batch.take(known)))
        votes = np.maximum(near, 0) ** np.float32(self.sharpness)
        sizes = np.zeros(len(batch), dtype=np.int32)
        sizes[known] = np.diff(starts)
        indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        return build_csr(votes, who, indptr, len(self.people_))

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the votes; 0 for a course no neighbour took."""
        return sums_of_rows(encoded.indptr, encoded.indices, encoded.data, self.taken_, rows)

    def _nearest(
        self, vectors: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], Scores]:
        """Return where the neighbours of each begin, and all of them with their cosines."""
        count = min(self.neighbours, len(self.people_))
        if not isinstance(self.index_, Tiles):
            near, found = self.index_.search(vectors, count)
            ends = np.arange(len(found) + 1, dtype=np.int32) * count
            near[found < 0] = 0  # fewer in the lists that were looked through: no votes
            return ends, np.maximum(found, 0).astype(np.int32).ravel(), near.ravel()
        cosines = self.index_.products(vectors)
        starts, who = largest(cosines, count)
        rows = np.repeat(np.arange(len(cosines)), starts[1:] - starts[:-1])
        return starts, who, cosines[rows, who]


def _index(vectors: NDArray[np.float32]) -> faiss.Index | Tiles:
    count, dim = vectors.shape
    if count <= MAX_EXACT:
        return Tiles(vectors)
    if count <= MAX_FLAT:
        flat = faiss.IndexFlatIP(dim)
        flat.add(vectors)
        return flat
    lists = round(LISTS_A_ROOT * count**0.5)
    index: faiss.Index = faiss.index_factory(dim, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    faiss.extract_index_ivf(index).nprobe = PROBES
    index.train(np.ascontiguousarray(vectors[:: max(1, count // (SAMPLE * lists))]))
    index.add(vectors)
    return index
