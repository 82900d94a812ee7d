"""The phrases that profiles are made of, each encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training_data.text import normalise


class PhraseTable:
    """Distinct phrases (skills, occupations, interests) with a vector each.

    Parameters
    ----------
    phrases : sequence of str
        In any spelling; case, accents and punctuation make no difference.
    vectors : ndarray of float32, shape (n, dim)
    """

    def __init__(self, phrases: Sequence[str], vectors: NDArray[np.float32]) -> None:
        if len(phrases) != len(vectors):
            raise ValueError(f"{len(phrases)} phrases for {len(vectors)} vectors")
        self.phrases = tuple(phrases)
        self.vectors = vectors

    def __len__(self) -> int:
        return len(self.phrases)

    @cached_property
    def _row(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for row, phrase in enumerate(self.phrases):
            rows.setdefault(normalise(phrase), row)
        return rows

    def rows(self, phrases: Sequence[str]) -> NDArray[np.intp]:
        """Return each phrase's row, -1 for an unknown phrase."""
        found = (self._row.get(normalise(phrase), -1) for phrase in phrases)
        return np.fromiter(found, dtype=np.intp, count=len(phrases))
