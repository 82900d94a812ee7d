"""From a mask to candidates: the best of every source, joined, with each source's score of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels.lists import columns_of, fill, gathered, listed, propose

SourceScores = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Candidates:
    """Candidates of B participants.

    Attributes
    ----------
    ids : ndarray of int32, shape (B, C)
        Rows of the catalogue, each once in a list; -1 from where a list has no more.
    scores : dict of ndarray of float32, shape (B, C)
        Each source's score of each candidate; 0 where it has none, and in the padding.
    proposed : dict of str to int
        How many each source proposed, for all participants together.
    """

    ids: NDArray[np.int32]
    scores: SourceScores
    proposed: Mapping[str, int]


def retrieve(scores: SourceScores, mask: NDArray[np.bool_], per_source: int) -> Candidates:
    """Join the best ``per_source`` permitted trainings of each source.

    A source without a score of a training (0 or less, or -inf) does not propose it; a list that no source
    fills is filled with permitted trainings, so that nobody leaves with less than could be had.

    Parameters
    ----------
    scores : dict of ndarray of float32, shape (B, N)
        Each source's score of every training.
    mask : ndarray of bool, shape (B, N)
    per_source : int
    """
    starts, columns = columns_of(mask)
    chosen = np.zeros(len(columns), dtype=bool)
    proposed = {
        name: propose(source, starts, columns, per_source, chosen)
        for name, source in scores.items()
    }
    fill(starts, per_source, chosen)
    ids = listed(starts, columns, chosen)
    return Candidates(
        ids, {name: gathered(source, ids) for name, source in scores.items()}, proposed
    )
