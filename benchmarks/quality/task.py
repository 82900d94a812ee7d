"""One ranking task: what may be learnt from, who is asked for, and what they really took afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.interactions import Interactions

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class RankingTask:
    """A past to learn from and the future to foretell.

    Attributes
    ----------
    past : Interactions
        Everything a model may see.
    warm, cold : ndarray of int32
        Participants with a target: those with and those without an event in the past.
    target : csr_matrix of float32, shape (n_users, n_items)
        1 where the participant took the course in the future and not before.
    """

    past: Interactions
    warm: Ids
    cold: Ids
    target: sp.csr_matrix

    @property
    def seen(self) -> sp.csr_matrix:
        """What each participant took in the past, shape (n_users, n_items)."""
        return self.past.matrix()


def make_task(past: Interactions, future: Interactions) -> RankingTask:
    """Return the task of foretelling ``future`` from ``past``: courses taken before are no target."""
    seen, target = _binary(past), _binary(future)
    target = (target - target.multiply(seen)).tocsr()
    target.eliminate_zeros()
    asked = np.diff(target.indptr) > 0
    known = np.diff(seen.indptr) > 0
    return RankingTask(past, _where(asked & known), _where(asked & ~known), target)


def only_items(task: RankingTask, items: NDArray[np.bool_]) -> RankingTask:
    """Keep the targets among ``items`` (N,), and the participants who still have one."""
    target = (task.target @ sp.diags(items.astype(np.float32))).tocsr()
    target.eliminate_zeros()
    asked = np.diff(target.indptr) > 0
    return RankingTask(task.past, task.warm[asked[task.warm]], task.cold[asked[task.cold]], target)


def _binary(interactions: Interactions) -> sp.csr_matrix:
    matrix = interactions.matrix()
    matrix.data[:] = 1
    return matrix


def _where(mask: NDArray[np.bool_]) -> Ids:
    return np.flatnonzero(mask).astype(np.int32)
