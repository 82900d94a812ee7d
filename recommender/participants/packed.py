"""People who were read together, one by one: to be kept, and put together with others.

A batch has thirty arrays, and putting together so many small ones for each person takes longer than to
answer. So one person is a row of numbers, and one array for all sparse rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.candidates.histories import Histories
from models.kernels.rows import by_matrix
from recommender.participants.batch import ParticipantBatch
from recommender.participants.prepared import People
from recommender.participants.profile_embedding import Wishes
from recommender.participants.representations import Tastes
from training_data.arrays import csr

PAST, WEIGHTS = "past", "weights"  # sparse rows that are no field of a batch
SOURCE = "source "  # and, with the name of a source behind it, what the source makes of a person

BARRED, WISHED = "barred", "wished"  # numbers that are none either

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class _Kind:
    """What people of one engine have in common: the fields of a batch by type, and how wide they are."""

    numbers: np.dtype[Any]
    texts: tuple[str, ...]
    widths: dict[str, int]
    shared: dict[str, Any]
    dim: int


@dataclass(frozen=True)
class One:
    """One of the people.

    Attributes
    ----------
    numbers : bytes
        The fields of a batch that are one value each, as a structured array has them.
    texts : tuple
        Those that are texts.
    sizes : bytes
        How many cells each of the sparse rows has, int32.
    columns, cells : bytes
        Of all sparse rows, one after the other, int32 and float32.
    at : ndarray of int64, shape (E,)
        When each event was.
    phrases : tuple of str
    vectors : tuple of ndarray of float32, shape (D,)
    """

    id: str
    kind: _Kind
    numbers: bytes
    texts: tuple[Any, ...]
    sizes: bytes
    columns: bytes
    cells: bytes
    at: NDArray[np.int64]
    phrases: tuple[str, ...]
    vectors: tuple[Vector, ...]


def split(people: People, shared: Callable[[str, Vector], Vector]) -> list[One]:
    """Return each of the people alone; `together` makes them a batch again.

    Parameters
    ----------
    shared : callable
        Gets a phrase and its vector, and returns the vector to keep: one for all who use the phrase.
    """
    batch, wishes, past = people.batch, people.wishes, people.batch.histories
    values = {each.name: getattr(batch, each.name) for each in fields(batch)}
    numbers = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    numbers |= {BARRED: people.barred, WISHED: people.tastes.wished}
    texts = {name: value for name, value in values.items() if isinstance(value, tuple)}
    sparse = {name: value for name, value in values.items() if isinstance(value, sp.csr_matrix)}
    sparse |= {SOURCE + name: matrix for name, matrix in people.tastes.represented.items()}
    sparse[PAST] = csr(past.weights, past.items, past.indptr.astype(np.int32), past.n_items)
    sparse[WEIGHTS] = wishes.weights
    known = {*numbers, *texts, *sparse, "histories"}
    kind = _Kind(
        np.dtype([(name, value.dtype, value.shape[1:]) for name, value in numbers.items()]),
        tuple(texts),
        {name: matrix.shape[1] for name, matrix in sparse.items()},
        {name: value for name, value in values.items() if name not in known},
        wishes.vectors.shape[1],
    )
    table = np.empty(len(people), dtype=kind.numbers)
    for name, value in numbers.items():
        table[name] = value
    written = list(zip(*texts.values(), strict=True))
    held = {
        number: shared(wishes.phrases[number], wishes.vectors[number])
        for number in np.unique(wishes.weights.indices).tolist()
    }
    ones = []
    for row, name in enumerate(people.ids):
        parts = [_row(matrix, row) for matrix in sparse.values()]
        phrases = parts[-1][0].tolist()
        ones.append(
            One(
                name,
                kind,
                table[row].tobytes(),
                written[row],
                np.array([len(columns) for columns, _ in parts], dtype=np.int32).tobytes(),
                np.concatenate([columns for columns, _ in parts], dtype=np.int32).tobytes(),
                np.concatenate([data for _, data in parts], dtype=np.float32).tobytes(),
                past.at[past.indptr[row] : past.indptr[row + 1]].copy(),
                tuple(wishes.phrases[phrase] for phrase in phrases),
                tuple(held[phrase] for phrase in phrases),
            )
        )
    return ones


def together(ones: Sequence[One]) -> People:
    """Return people, at least one, who were read by one engine for one day, as a batch."""
    kind = ones[0].kind
    table = np.frombuffer(b"".join([one.numbers for one in ones]), dtype=kind.numbers)
    written = zip(*(one.texts for one in ones), strict=True)
    sparse = _sparse(ones)
    past, weights = sparse.pop(PAST), sparse.pop(WEIGHTS)
    represented = {
        name.removeprefix(SOURCE): sparse.pop(name)
        for name in kind.widths
        if name.startswith(SOURCE)
    }
    histories = Histories(
        past.indptr.astype(np.int64),
        past.indices,
        past.data,
        past.shape[1],
        np.concatenate([one.at for one in ones]),
    )
    values: dict[str, Any] = {
        name: np.ascontiguousarray(table[name]) for name in kind.numbers.names or ()
    }
    barred, wished = values.pop(BARRED), values.pop(WISHED)
    values |= zip(kind.texts, written, strict=True)
    batch = ParticipantBatch(**values, **sparse, **kind.shared, histories=histories)
    phrases = [phrase for one in ones for phrase in one.phrases]
    vectors = np.frombuffer(
        bytearray().join([vector.data for one in ones for vector in one.vectors]), np.float32
    )
    numbered = np.arange(len(phrases), dtype=np.int32)
    wishes = Wishes(
        phrases,
        vectors.reshape(len(phrases), kind.dim),
        csr(weights.data, numbered, weights.indptr, len(phrases)),
    )
    tastes = Tastes(wished, represented)
    return People(tuple(one.id for one in ones), batch, wishes, tastes, barred)


def _sparse(ones: Sequence[One]) -> dict[str, sp.csr_matrix]:
    """Return each sparse field of the people; their cells stand person by person, and are put field by field."""
    widths, count = ones[0].kind.widths, len(ones)
    indptr, columns, cells, bounds = by_matrix(
        np.frombuffer(b"".join([one.sizes for one in ones]), np.int32).reshape(count, -1),
        np.frombuffer(b"".join([one.columns for one in ones]), np.int32),
        np.frombuffer(b"".join([one.cells for one in ones]), np.float32),
    )
    return {
        name: csr(cells[first:end], columns[first:end], indptr[number], width)
        for number, ((name, width), first, end) in enumerate(
            zip(widths.items(), bounds[:-1], bounds[1:], strict=True)
        )
    }


def _row(matrix: sp.csr_matrix, row: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the columns and the cells of one row."""
    first, end = matrix.indptr[row : row + 2]
    return matrix.indices[first:end], matrix.data[first:end]
