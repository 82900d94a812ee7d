"""From a mask to candidates: the best of every source, joined, with what each source says of them.

Only what is permitted is looked at: its scores are gathered first, which costs less than to hide all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SourceScores = dict[str, NDArray[np.float32]]
SILENT = np.float32(-np.inf)
LEAST = np.finfo(np.float32).tiny  # what says something is above 0


@dataclass(frozen=True)
class Candidates:
    """Candidates of B participants.

    Attributes
    ----------
    ids : ndarray of int32, shape (B, C)
        Rows of the catalogue, each once in a list; -1 from where a list has no more.
    scores : dict of ndarray of float32, shape (B, C)
        What each source says of each candidate; -inf where it says nothing, and in the padding.
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

    Parameters
    ----------
    scores : dict of ndarray of float32, shape (B, N)
    mask : ndarray of bool, shape (B, N)
    per_source : int
    """
    permitted = _as_lists(mask)
    none = permitted < 0
    cells = _cells(permitted, mask.shape[1])
    said = {name: _gathered(source, cells, none) for name, source in scores.items()}
    proposed = np.zeros(permitted.shape, dtype=bool)
    counts = {name: _propose(proposed, source, per_source) for name, source in said.items()}
    _fill(proposed, ~none, per_source)
    places = _as_lists(proposed)
    none = places < 0
    cells = _cells(places, permitted.shape[1])
    kept = {name: _gathered(source, cells, none) for name, source in said.items()}
    ids = permitted.take(cells)
    ids[none] = -1
    return Candidates(ids, kept, counts)


def _propose(proposed: NDArray[np.bool_], scores: NDArray[np.float32], most: int) -> int:
    """Add the best of each row and count them; of equal scores at the border, the first in the catalogue."""
    n = min(most, scores.shape[1])
    if not n or not len(scores):
        return 0
    border = np.partition(scores, scores.shape[1] - n, axis=1)[:, -n, None]
    best = scores >= np.maximum(border, LEAST)
    over = np.flatnonzero(np.count_nonzero(best, axis=1) > n)
    if len(over):
        tied = scores[over] == border[over]
        room = n - np.count_nonzero(best[over] & ~tied, axis=1)[:, None]
        best[over] &= ~tied | (np.cumsum(tied, axis=1) <= room)
    proposed |= best
    return int(np.count_nonzero(best))


def _fill(proposed: NDArray[np.bool_], permitted: NDArray[np.bool_], least: int) -> None:
    """Add permitted trainings, in the order of the catalogue, to lists shorter than ``least``."""
    size = np.count_nonzero(proposed, axis=1)
    short = np.flatnonzero((size < least) & (size < np.count_nonzero(permitted, axis=1)))
    if len(short):
        spare = permitted[short] & ~proposed[short]
        proposed[short] |= spare & (np.cumsum(spare, axis=1) <= (least - size[short])[:, None])


def _as_lists(chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Columns of the True cells of each row, padded with -1."""
    counts = np.count_nonzero(chosen, axis=1)
    width = int(counts.max(initial=0))
    ids = np.full((len(chosen), width), -1, dtype=np.int32)
    ids[np.arange(width) < counts[:, None]] = np.flatnonzero(chosen) % max(chosen.shape[1], 1)
    return ids


def _cells(columns: NDArray[np.int32], width: int) -> NDArray[np.int64]:
    """Places, in a matrix of that width laid out flat, of some columns of each row; padding finds the first."""
    return np.maximum(columns, 0) + np.arange(len(columns))[:, None] * width


def _gathered(
    source: NDArray[np.float32], cells: NDArray[np.int64], none: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Elements of a source's scores; -inf where there is none."""
    found: NDArray[np.float32] = source.take(cells)
    found[none] = SILENT
    return found
