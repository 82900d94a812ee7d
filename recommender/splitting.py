"""People who were read together, one by one: to be kept and put together with others."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp

from models.candidates.histories import Histories
from recommender.participants import ParticipantBatch
from recommender.people import People
from recommender.wishes import Wishes


def split(people: People) -> list[People]:
    """Return each of the people alone; `People.stack` puts them together again."""
    names = [each.name for each in fields(ParticipantBatch)]
    parts = [_parts(getattr(people.batch, name), len(people)) for name in names]
    return [
        People(
            (people.ids[row],),
            ParticipantBatch(**{name: part[row] for name, part in zip(names, parts, strict=True)}),
            _wishes(people.wishes, row),
        )
        for row in range(len(people))
    ]


def _parts(value: Any, count: int) -> list[Any]:
    """Return one field of a batch by participant; what is not of the participants is the same for all."""
    match value:
        case np.ndarray():
            return [value[row : row + 1] for row in range(count)]
        case pl.Series():
            return [value.slice(row, 1) for row in range(count)]
        case sp.csr_matrix():
            return [_row(value, row) for row in range(count)]
        case Histories():
            return [value.take(slice(row, row + 1)) for row in range(count)]
        case shared:
            return [shared] * count


def _row(matrix: sp.csr_matrix, row: int) -> sp.csr_matrix:
    first, end = matrix.indptr[row : row + 2]
    cells = (matrix.data[first:end], matrix.indices[first:end], np.array([0, end - first]))
    return sp.csr_matrix(cells, shape=(1, matrix.shape[1]))


def _wishes(wishes: Wishes, row: int) -> Wishes:
    mine = _row(wishes.weights, row)
    cells = (mine.data, np.arange(mine.nnz), mine.indptr)
    return Wishes(
        [wishes.phrases[phrase] for phrase in mine.indices],
        wishes.vectors[mine.indices],
        sp.csr_matrix(cells, shape=(1, mine.nnz)),
    )
