"""The embedding of a profile: its phrases, each encoded once, and their weighted sum.

A transformer cannot read a person inside a web request, and need not: a profile is made of few
phrases, each encoded once, and a person is their weighted sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain, pairwise
from typing import Any, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.text.content_space import combine
from training_data.arrays import (
    Column,
    Table,
    build_csr,
    explode,
    fill_nulls,
    look_up,
    sum_at,
    take_rows,
)
from training_data.columnar import Columnar, Ragged
from training_data.columns import Participants, bind_columns
from training_data.skills.vocabulary import Vocabulary

P = bind_columns(Participants)

# The goal says more of the right training than what the person can do already.
WEIGHTS = {"target": 1.0, "interests": 1.0, "skills": 0.5, "occupation": 0.2}


WORDED = tuple(column.name for column in (P.target_occupation, P.interests, P.skills, P.occupation))


class Written(NamedTuple):
    """Words as they were given, and the column of the Participants contract that they stand in."""

    column: str
    text: str


@dataclass(frozen=True, eq=False)
class Phrase:
    """A phrase and its unit vector (D,)."""

    text: str
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class ProfileEmbedding(Columnar):
    """The phrases of B participants.

    Attributes
    ----------
    phrases : tuple of Phrase
        Q of them; one may stand again for another participant.
    weights : csr_matrix of float32, shape (B, Q)
        How much each counts for each participant; nothing for who objects to profiling.
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


def collect_phrases(
    participants: Table, skills: Vocabulary, occupations: Vocabulary, language: str
) -> tuple[list[str], sp.csr_matrix]:
    """Return the distinct phrases of the profiles and their weights, shape (B, Q).

    Ids and codes of the vocabularies stand as their label in ``language``, so that a person who picked
    "jual-online" from a list and one who wrote it out meet in one phrase.
    """
    skill, occupation = _labeller(skills, language), _labeller(occupations, language)
    parts = [
        _collect(participants[P.target_occupation.name], WEIGHTS["target"], occupation),
        _collect(participants[P.interests.name], WEIGHTS["interests"], skill),
        _collect(participants[P.skills.name], WEIGHTS["skills"], skill),
        _collect(participants[P.occupation.name], WEIGHTS["occupation"], occupation),
    ]
    rows = np.concatenate([part[0] for part in parts])
    texts = [text for part in parts for text in part[1]]
    weights = np.repeat(
        np.array([part[2] for part in parts], np.float32), [len(part[0]) for part in parts]
    )
    distinct = sorted(set(texts))  # so that a person's come in one order in every batch
    column = {text: number for number, text in enumerate(distinct)}
    shape = (len(participants[P.participant_id.name]), len(distinct))
    return distinct, sum_at(rows, look_up(texts, column.__getitem__), weights, shape)


def collect_written(participants: Table) -> tuple[tuple[Written, ...], ...]:
    """Return what each participant wrote or chose: goal, interests, skills and occupation."""
    written: list[list[Written]] = [[] for _ in participants[P.participant_id.name]]
    for column in WORDED:
        for row, text in zip(*explode(participants[column]), strict=True):
            written[row].append(Written(column, text))
    return tuple(map(tuple, written))


def embed_profiles(
    participants: Table,
    skills: Vocabulary,
    occupations: Vocabulary,
    language: str,
    encode: Callable[[Sequence[str]], tuple[Phrase, ...]],
    dim: int,
) -> ProfileEmbedding:
    """Encode the phrases of the profiles.

    Parameters
    ----------
    encode : callable
        Gives a vector of length ``dim`` to each phrase.
    """
    phrases, weights = collect_phrases(participants, skills, occupations, language)
    opted_out = fill_nulls(participants[P.profiling_opt_out.name], False, np.bool_)
    if opted_out.any():
        weights.data[np.repeat(opted_out, np.diff(weights.indptr))] = 0
    return ProfileEmbedding(encode(phrases), weights, dim)


def _labeller(vocabulary: Vocabulary, language: str) -> Callable[[str], str]:
    def label(phrase: str) -> str:
        found = vocabulary.find(phrase)
        return vocabulary.terms[found].label(language) if found >= 0 else phrase

    return label


def _collect(
    values: Column, weight: float, label: Callable[[str], str]
) -> tuple[NDArray[np.int64], list[str], float]:
    rows, texts = explode(values)
    return rows, list(map(cache(label), texts)), weight
