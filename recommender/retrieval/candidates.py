"""From a mask to candidates: the best of every source, joined, with each source's score of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

    @classmethod
    def join(cls, parts: Sequence[Candidates]) -> Candidates:
        """Return the candidates of all participants of some parts, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        width = max(part.ids.shape[1] for part in parts)
        return cls(
            _stack([part.ids for part in parts], width, -1),
            {
                name: _stack([part.scores[name] for part in parts], width, 0)
                for name in parts[0].scores
            },
            dict(sum((Counter(part.proposed) for part in parts), Counter())),
        )


def _stack(tables: Sequence[NDArray[Any]], width: int, padding: int) -> NDArray[Any]:
    rows = sum(len(table) for table in tables)
    whole = np.full((rows, width), padding, dtype=tables[0].dtype)
    first = 0
    for table in tables:
        whole[first : first + len(table), : table.shape[1]] = table
        first += len(table)
    return whole


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
