"""A profile's phrases, and the vector that they make together.

A transformer cannot read a person inside a web request, and need not: a profile is made of few
phrases, each encoded once, and a person is their weighted sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from models.text.content_space import combine
from training_data.arrays import Column, Columns, exploded, filled, positions, summed
from training_data.columns import Participants, bound
from training_data.occupations.occupations import Occupations
from training_data.skills.vocabulary import Vocabulary

P = bound(Participants)

# What a person wishes for says more of the right training than what the person can do already.
WEIGHTS = {"target": 1.0, "interests": 1.0, "skills": 0.5, "occupation": 0.2}


class PhraseEncoder(Protocol):
    """Gives a unit vector to each phrase."""

    def encode_phrases(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape (n, D)."""
        ...


@dataclass(frozen=True)
class Wishes:
    """The phrases of B participants.

    Attributes
    ----------
    phrases : list of str
        Q of them; one may stand again for another participant.
    vectors : ndarray of float32, shape (Q, D)
        Unit vector of each.
    weights : csr_matrix of float32, shape (B, Q)
        How much each counts for each participant.
    """

    phrases: list[str]
    vectors: NDArray[np.float32]
    weights: sp.csr_matrix

    def participants(self) -> NDArray[np.float32]:
        """Return a unit vector for each participant, shape (B, D); zeros for one without phrases."""
        return combine(self.weights, self.vectors)


def phrases_of(
    participants: pl.DataFrame | Columns,
    skills: Vocabulary,
    occupations: Occupations,
    language: str,
) -> tuple[list[str], sp.csr_matrix]:
    """Return the distinct phrases of the profiles and their weights, shape (B, Q).

    Ids and codes of the vocabularies stand as their label in ``language``, so that a person who picked
    "jual-online" from a list and one who wrote it out meet in one phrase.
    """
    skill, occupation = _labeller(skills, language), _labeller(occupations.vocabulary, language)
    parts = [
        _part(participants[P.target_occupation.name], WEIGHTS["target"], occupation),
        _part(participants[P.interests.name], WEIGHTS["interests"], skill),
        _part(participants[P.skills.name], WEIGHTS["skills"], skill),
        _part(participants[P.occupation.name], WEIGHTS["occupation"], occupation),
    ]
    rows = np.concatenate([part[0] for part in parts])
    texts = [text for part in parts for text in part[1]]
    weights = np.repeat(
        np.array([part[2] for part in parts], np.float32), [len(part[0]) for part in parts]
    )
    distinct = sorted(set(texts))  # so that a person's come in one order in every batch
    column = {text: number for number, text in enumerate(distinct)}
    shape = (len(participants[P.participant_id.name]), len(distinct))
    return distinct, summed(rows, positions(texts, column.__getitem__), weights, shape)


def wishes(
    participants: pl.DataFrame | Columns,
    skills: Vocabulary,
    occupations: Occupations,
    language: str,
    encoder: PhraseEncoder,
) -> Wishes:
    """Encode the phrases of the profiles."""
    phrases, weights = phrases_of(participants, skills, occupations, language)
    opted_out = filled(participants[P.profiling_opt_out.name], False, np.bool_)
    if opted_out.any():
        weights.data[np.repeat(opted_out, np.diff(weights.indptr))] = 0
    return Wishes(phrases, encoder.encode_phrases(phrases), weights)


def _labeller(vocabulary: Vocabulary, language: str) -> Callable[[str], str]:
    def label(phrase: str) -> str:
        found = vocabulary.find(phrase)
        return vocabulary.terms[found].label(language) if found >= 0 else phrase

    return label


def _part(
    values: Column, weight: float, label: Callable[[str], str]
) -> tuple[NDArray[np.int64], list[str], float]:
    rows, texts = exploded(values)
    return rows, list(map(cache(label), texts)), weight
