"""SASRec: what comes next in a sequence, by self-attention (Kang and McAuley, ICDM 2018).

One block and one head: the encoding of a history is then that of its last position alone, two weighted sums over
the history and a few products, which NumPy does in well under a millisecond; torch is for training only. Learnt
with the softmax over all courses and smoothed labels, which gave up to a fifth more NDCG than sampled negatives
and a hard target (so too Petrov and Macdonald, "gSASRec", RecSys 2023).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.base import State
from models.candidates.histories import Histories, histories
from models.candidates.interactions import Interactions
from models.candidates.linear import LinearModel
from models.candidates.sequences import pad_histories
from models.candidates.side import SideInformation
from models.candidates.sparse import fill_rows
from models.candidates.top_k import Scores

if TYPE_CHECKING:
    from models.candidates.sasrec_training import Network

Floats = NDArray[np.float32]
EPSILON: Final = 1e-5  # of torch's LayerNorm
BLOCK: Final = 512  # participants encoded at once; bounds memory


@dataclass
class SASRec(LinearModel):
    """Scores every course as the next one of a history.

    Parameters
    ----------
    dimensions : int
        Length of the vectors of courses and of the state.
    dropout : float
        Share of each state that is left out in training.
    smoothing : float
        Share of a target's label that goes to all other courses.
    learning_rate : float
        Of AdamW.
    batch_size : int
        Targets a step, about.
    max_epochs : int
        The epoch with the best NDCG@10 on held-out last courses is kept.
    max_targets : int
        Targets to learn from in all epochs together; bounds the time on large logs.
    negatives : int
        Courses that a target is held against in each step; where there are no more, all are.
    device : str
        "auto" takes a GPU where there is one.
    seed : int
        Everything random follows from it.
    """

    costly: ClassVar[bool] = True

    dimensions: int = 256
    dropout: float = 0.5
    smoothing: float = 0.1
    learning_rate: float = 1e-3
    batch_size: int = 1_000
    max_epochs: int = 30
    max_targets: int = 3_000_000
    negatives: int = 10_000
    device: str = "auto"
    seed: int = 0

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:  # noqa: ARG002
        """Learn from every course of every history but the first, given those before it."""
        from models.candidates.sasrec_training import learn  # torch

        self.known_ = np.bincount(interactions.items, minlength=interactions.n_items) > 0
        self._take(learn(self, histories(interactions)))
        return self

    def _take(self, network: Network) -> None:
        """Keep the network's weights as arrays."""
        self.items_, self.positions_ = network.export("items"), network.export("positions")
        self.attention_ = np.stack([network.export(name) for name in ("query", "key", "value")])
        self.output_ = network.export("output")
        self.forward_ = np.stack([network.export(name) for name in ("inner", "outer")])
        norms = [network.export_norm(name) for name in ("before", "between", "after")]
        self.norms_ = np.array(norms, dtype=np.float32)  # (3, 2, D): scale and shift

    def get_state(self) -> State:
        """Return what is learnt, and not where."""
        state = super().get_state()
        del state["device"]
        return state

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:  # noqa: ARG002
        """Return the model for another course table."""
        model, kept = replace(self), old >= 0
        for name in ("positions_", "attention_", "output_", "forward_", "norms_"):
            setattr(model, name, getattr(self, name))
        model.items_ = np.where(kept[:, None], self.items_[old], np.float32(0))
        model.known_ = self.known_[old] & kept
        return model

    def encode_users(self, batch: Histories) -> sp.csr_matrix:
        """Return the state of each participant after the last course; none where no course is known."""
        starts, courses = batch.sequences()
        known = self.known_[courses]
        ends = np.cumsum(known)
        indptr = np.concatenate([[0], ends])[starts]
        courses = courses[known]
        encoded = np.zeros((len(batch), self.dimensions), dtype=np.float32)
        someone = np.flatnonzero(np.diff(indptr))
        for first in range(0, len(someone), BLOCK):
            rows = someone[first : first + BLOCK]
            encoded[rows] = self._encode(
                *pad_histories(indptr[:-1][rows], indptr[1:][rows], courses)
            )
        return fill_rows(encoded, someone)

    def _encode(self, courses: NDArray[np.int64], there: NDArray[np.bool_]) -> Floats:
        """Return the state after the last of each row's courses, (B, D); rows are aligned to the right."""
        length = courses.shape[1]
        before, between, after = self.norms_
        query, key, value = self.attention_
        inputs = self.items_[courses] + self.positions_[-length:]
        normal = _normalise(inputs, before)
        # (query of the last) . (key of each) = (key' query) . each: no key or value of a position is worked out
        asked = (normal[:, -1] @ query.T @ key) / np.float32(np.sqrt(self.dimensions))
        weights = np.einsum("bd,bld->bl", asked, normal)
        weights = np.exp(weights - weights.max(axis=1, keepdims=True, where=there, initial=-np.inf))
        weights *= there
        weights /= weights.sum(axis=1, keepdims=True)
        attended = np.einsum("bl,bld->bd", weights, normal) @ value.T @ self.output_.T
        state = inputs[:, -1] + attended
        inner, outer = self.forward_
        state += np.maximum(_normalise(state, between) @ inner.T, 0) @ outer.T
        return _normalise(state, after)

    def score_users(self, encoded: sp.csr_matrix, rows: NDArray[np.intp]) -> Scores:
        """Return the chance of each course to be next, over the likeliest's; courses without an event have none."""
        some = encoded[rows]
        scores: Scores = some.toarray() @ self.items_.T
        scores[:, ~self.known_] = -np.inf
        scores -= scores.max(axis=1, keepdims=True, initial=np.finfo(np.float32).min)
        np.exp(scores, out=scores)
        scores[np.diff(some.indptr) == 0] = -np.inf
        scores[:, ~self.known_] = -np.inf
        return scores


def _normalise(values: Floats, scale_and_shift: Floats) -> Floats:
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = np.mean(centred**2, axis=-1, keepdims=True)
    scale, shift = scale_and_shift
    normal: Floats = centred / np.sqrt(variance + np.float32(EPSILON)) * scale + shift
    return normal
