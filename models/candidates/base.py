"""What every candidate model shares: recommending from scores, and a state of plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.candidates.top_k import Ids, Mask, Scores, top_k

State = dict[str, NDArray[Any]]


@dataclass
class CandidateModel:
    """A model that scores every course for a batch of participants.

    Parameters are the fields of the dataclass; what is learnt ends in an underscore. Fitting again
    forgets the past.

    Attributes
    ----------
    costly : bool
        Whether a fit takes minutes: such a model is fitted once for all backtest cutoffs, on what is common to
        their pasts.
    """

    costly: ClassVar[bool] = False

    def fit(self, interactions: Interactions, side: SideInformation | None = None) -> Self:
        """Learn from events, and from what is known beside them."""
        raise NotImplementedError

    def score(self, batch: Histories) -> Scores:
        """Return the score of every course, shape (B, N); -inf where there is nothing to say."""
        raise NotImplementedError

    def remap(self, old: NDArray[np.int32], alike: NDArray[np.float32]) -> Self:
        """Return the fitted model for another course table, without learning anew.

        Parameters
        ----------
        old : ndarray of int32, shape (N,)
            Row that each course had in the table fitted on; -1 for one that is new: to the model, a
            course that nobody has taken.
        alike : ndarray of float32, shape (n_new, n_old)
            How much each new course is like each old one; rows sum to 1. For what is guessed of new ones.
        """
        raise NotImplementedError

    def recommend(self, batch: Histories, k: int, mask: Mask | None = None) -> tuple[Ids, Scores]:
        """Return the best ``k`` permitted courses of each participant, best first.

        Parameters
        ----------
        batch : Histories
        k : int
        mask : ndarray of bool, shape (B, N) or (N,), optional
            Permitted courses; all where None.

        Returns
        -------
        ids : ndarray of int32, shape (B, k)
            -1 in places that could not be filled.
        scores : ndarray of float32, shape (B, k)
            -inf in those places.
        """
        return top_k(self.score(batch), k, mask)

    def get_state(self) -> State:
        """Return parameters and all that was learnt as named arrays, ready for safetensors or npz."""
        state: State = {}
        for name, value in vars(self).items():
            if name.startswith("_"):  # worked out of the rest
                continue
            if sp.issparse(value):
                matrix = value.tocsr()
                for part in ("data", "indices", "indptr", "shape"):
                    state[f"{name}/{part}"] = np.asarray(getattr(matrix, part))
            elif value is not None:
                state[name] = np.asarray(value)
        return state

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the model whose :meth:`get_state` this is."""
        given = {field.name for field in fields(cls)}
        model = cls(**{name: state[name].item() for name in given if name in state})
        for name, value in state.items():
            if name.endswith("/data"):
                stem = name.removesuffix("/data")
                parts = tuple(state[f"{stem}/{part}"] for part in ("data", "indices", "indptr"))
                setattr(model, stem, sp.csr_matrix(parts, shape=tuple(state[f"{stem}/shape"])))
            elif name not in given and "/" not in name:
                setattr(model, name, value)
        return model
