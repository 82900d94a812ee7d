"""The embedding of a profile: its phrases, each understood once, and their weighted sum.

A transformer cannot read a person inside a web request, and need not: a profile is made of few
phrases, each encoded once, and a person is their weighted sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Any, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.text.content_space import combine
from recommender.participants.phrases import Phrase, Said
from training_data.arrays import Table, build_csr, explode, fill_nulls, sum_at, take_rows
from training_data.columnar import Columnar, Ragged
from training_data.columns import Participants, bind_columns

P = bind_columns(Participants)

# What one wishes says of the right training; what one can do already says a little where nothing is wished.
WEIGHTS = {"target": 1.0, "interests": 1.0, "skills": 0.15, "occupation": 0.05}
COLUMNS = {
    P.target_occupation.name: WEIGHTS["target"],
    P.interests.name: WEIGHTS["interests"],
    P.skills.name: WEIGHTS["skills"],
    P.occupation.name: WEIGHTS["occupation"],
}


class Written(NamedTuple):
    """Words as they were given, and the column of the Participants contract that they stand in."""

    column: str
    text: str


@dataclass(frozen=True)
class ProfileEmbedding(Columnar):
    """The phrases of B participants.

    Attributes
    ----------
    phrases : tuple of Phrase
        Q of them; one may stand again for another participant.
    weights : csr_matrix of float32, shape (B, Q)
        How much each counts for each participant, below 0 for what is not wanted; nothing for who objects
        to profiling.
    dim : int
        Length D of a vector.
    """

    phrases: tuple[Phrase, ...]
    weights: sp.csr_matrix
    dim: int

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Unit vector of each phrase, shape (Q, D)."""
        vectors = [phrase.vector for phrase in self.phrases]
        return np.array(vectors, dtype=np.float32).reshape(len(vectors), self.dim)

    @cached_property
    def wanted(self) -> sp.csr_matrix:
        """The weights without what is not wanted."""
        kept = self.weights.data >= 0
        if kept.all():
            return self.weights
        counts = np.add.reduceat(np.append(kept, False), self.weights.indptr[:-1])
        counts[np.diff(self.weights.indptr) == 0] = 0
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return build_csr(
            self.weights.data[kept], self.weights.indices[kept], starts, self.weights.shape[1]
        )

    def sum_vectors(self) -> NDArray[np.float32]:
        """Return a unit vector for each participant, shape (B, D); zeros for one without phrases."""
        return combine(self.weights, self.vectors)

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Return some participants, with their own phrases only."""
        weights = take_rows(self.weights, rows)
        used, column = np.unique(weights.indices, return_inverse=True)
        narrowed = build_csr(
            weights.data, column.astype(np.int32), weights.indptr.astype(np.int32), len(used)
        )
        return type(self)(tuple(self.phrases[phrase] for phrase in used), narrowed, self.dim)

    def _columns(self) -> Mapping[str, Any]:
        indptr = self.weights.indptr
        own = [self.phrases[phrase] for phrase in self.weights.indices]
        return {
            "phrases": tuple(tuple(own[first:end]) for first, end in pairwise(indptr.tolist())),
            "weights": Ragged(indptr, self.weights.data),
        }

    def _replace_columns(self, columns: Mapping[str, Any]) -> Self:
        phrases = tuple(chain.from_iterable(columns["phrases"]))
        weights: Ragged = columns["weights"]
        column = np.arange(len(phrases), dtype=np.int32)
        matrix = build_csr(weights.values, column, weights.starts, len(phrases))
        return type(self)(phrases, matrix, self.dim)


def list_phrases(participants: Table) -> list[str]:
    """Return what participants wrote in any column, each once."""
    return list(dict.fromkeys(text for name in COLUMNS for text in explode(participants[name])[1]))


def collect_written(participants: Table) -> tuple[tuple[Written, ...], ...]:
    """Return what each participant wrote or chose: goal, interests, skills and occupation."""
    written: list[list[Written]] = [[] for _ in participants[P.participant_id.name]]
    for column in COLUMNS:
        for row, text in zip(*explode(participants[column]), strict=True):
            written[row].append(Written(column, text))
    return tuple(map(tuple, written))


def embed_profiles(
    participants: Table,
    read: Callable[[Sequence[str]], Mapping[str, tuple[Said, ...]]],
    dim: int,
) -> ProfileEmbedding:
    """Understand the phrases of the profiles.

    Parameters
    ----------
    read : callable
        Says what each phrase says, with vectors of length ``dim``.
    """
    said = read(list_phrases(participants))
    by_text: dict[str, Phrase] = {}
    rows: list[NDArray[np.int64]] = []
    texts: list[str] = []
    weights: list[float] = []
    for name, weight in COLUMNS.items():
        of, written = explode(participants[name])
        parts = [_list_parts(said[text], name) for text in written]
        rows.append(np.repeat(of, [len(some) for some in parts]))
        for one in chain.from_iterable(parts):
            by_text.setdefault(one.phrase.text, one.phrase)
            texts.append(one.phrase.text)
            weights.append(weight if one.wanted else -weight)
    distinct = sorted(by_text)  # so that a person's come in one order in every batch
    column = {text: number for number, text in enumerate(distinct)}
    shape = (len(participants[P.participant_id.name]), len(distinct))
    columns = np.fromiter((column[text] for text in texts), np.int32, count=len(texts))
    matrix = sum_at(np.concatenate(rows), columns, np.array(weights, np.float32), shape)
    opted_out = fill_nulls(participants[P.profiling_opt_out.name], False, np.bool_)
    if opted_out.any():
        matrix.data[np.repeat(opted_out, np.diff(matrix.indptr))] = 0
    return ProfileEmbedding(tuple(by_text[text] for text in distinct), matrix, dim)


def _list_parts(said: Sequence[Said], column: str) -> list[Said]:
    """Return the parts that say something in a column: what one cannot do is no skill."""
    if column in (P.skills.name, P.occupation.name):
        return [one for one in said if one.wanted and not one.lacking]
    return list(said)
