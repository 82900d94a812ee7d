"""From a mask to candidates: the best of every source, joined, with what each source says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SourceScores = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Candidates:
    """Candidates of B participants.

    Attributes
    ----------
    ids : ndarray of int32, shape (B, C)
        Rows of the catalogue, each once in a list; -1 from where a list has no more.
    scores : dict of ndarray of float32, shape (B, N)
        What each source says of every training.
    proposed : dict of str to int
        How many each source proposed, for all participants together.
    """

    ids: NDArray[np.int32]
    scores: SourceScores
    proposed: dict[str, int]


def retrieve(scores: SourceScores, mask: NDArray[np.bool_], per_source: int) -> Candidates:
    """Join the best ``per_source`` permitted trainings of each source.

    A source that says nothing of a training (a score of 0 or less, or -inf) does not propose it; a
    list that no source fills is filled with permitted trainings, so that nobody leaves with less than
    could be had.
    """
    proposed = np.zeros(mask.shape, dtype=bool)
    counts = {
        name: _propose(proposed, np.where(mask, source, np.float32(-np.inf)), per_source)
        for name, source in scores.items()
    }
    _fill(proposed, mask, per_source)
    return Candidates(_as_lists(proposed), scores, counts)


def _propose(proposed: NDArray[np.bool_], scores: NDArray[np.float32], most: int) -> int:
    """Add the best of each row and count them; of equal scores at the border, the first in the catalogue."""
    n = min(most, scores.shape[1])
    if not n or not len(scores):
        return 0
    border = np.partition(scores, scores.shape[1] - n, axis=1)[:, -n, None]
    best = scores >= np.maximum(border, np.finfo(np.float32).tiny)
    over = np.flatnonzero(best.sum(axis=1) > n)
    if len(over):
        tied = scores[over] == border[over]
        room = n - (best[over] & ~tied).sum(axis=1, keepdims=True)
        best[over] &= ~tied | (np.cumsum(tied, axis=1) <= room)
    proposed |= best
    return int(np.count_nonzero(best))


def _fill(proposed: NDArray[np.bool_], mask: NDArray[np.bool_], least: int) -> None:
    """Add permitted trainings, in the order of the catalogue, to lists shorter than ``least``."""
    short = proposed.sum(axis=1) < least
    if short.any():
        spare = mask[short] & ~proposed[short]
        room = least - proposed[short].sum(axis=1, keepdims=True)
        proposed[short] |= spare & (np.cumsum(spare, axis=1) <= room)


def _as_lists(chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Columns of the True cells of each row, padded with -1."""
    counts = chosen.sum(axis=1)
    ids = np.full((len(chosen), int(counts.max(initial=0))), -1, dtype=np.int32)
    rows, columns = np.nonzero(chosen)
    ids[rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)] = columns
    return ids
