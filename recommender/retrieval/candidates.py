"""From a mask to candidates: the best of every source, joined, with what each source says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels.lists import columns_of, fill, gathered, listed, propose

SourceScores = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Candidates:
    """Candidates of B participants.

    Attributes
    ----------
    ids : ndarray of int32, shape (B, C)
        Rows of the catalogue, each once in a list; -1 from where a list has no more.
    scores : dict of ndarray of float32, shape (B, C)
        What each source says of each candidate; 0 where it says nothing, and in the padding.
    proposed : dict of str to int
        How many each source proposed, for all participants together.
    """

    ids: NDArray[np.int32]
    scores: SourceScores
    proposed: dict[str, int]


def retrieve(
    scores: Iterable[tuple[str, NDArray[np.float32]]], mask: NDArray[np.bool_], per_source: int
) -> Candidates:
    """Join the best ``per_source`` permitted trainings of each source.

    A source that says nothing of a training (a score of 0 or less, or -inf) does not propose it; a
    list that no source fills is filled with permitted trainings, so that nobody leaves with less than
    could be had.

    Parameters
    ----------
    scores : iterable of (str, ndarray of float32, shape (B, N))
        What each source says of every training. Each is looked at before the next is asked for: it is still in the
        processor's cache then.
    mask : ndarray of bool, shape (B, N)
    per_source : int
    """
    starts, columns = columns_of(mask)
    proposed = np.zeros(len(columns), dtype=bool)
    said: SourceScores = {}
    counts: dict[str, int] = {}
    for name, source in scores:
        said[name] = source
        counts[name] = propose(source, starts, columns, per_source, proposed)
    fill(starts, per_source, proposed)
    ids = listed(starts, columns, proposed)
    return Candidates(ids, {name: gathered(source, ids) for name, source in said.items()}, counts)
