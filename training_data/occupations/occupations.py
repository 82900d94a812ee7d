"""Occupations with the skills that each one needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from training_data.skills.vocabulary import Vocabulary, VocabularyError, read_entries, read_term

SHIPPED = Path(__file__).parent


@dataclass(frozen=True)
class Occupations:
    """Occupations with the skills each one needs.

    Attributes
    ----------
    vocabulary : Vocabulary
        The occupations.
    codes : tuple of str
        National occupation code (KBJI 2014 in Indonesia) of each.
    needs : csr_matrix of float32, shape (n_occupations, n_skills)
        Weight of each skill for the occupation, 1 for the most important and falling from there.
    """

    vocabulary: Vocabulary
    codes: tuple[str, ...]
    needs: sp.csr_matrix = field(repr=False)


def load_occupations(skills: Vocabulary, folder: Path | None = None) -> Occupations:
    """Load occupations; their skills must be ids of ``skills``."""
    entries = read_entries(folder or SHIPPED, "occupation")
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    for row, (entry, _) in enumerate(entries):
        for rank, skill in enumerate(entry["skills"]):
            column = skills.find(skill)
            if column < 0:
                raise VocabularyError(
                    f"occupation '{entry['id']}' needs '{skill}', which no skill file has"
                )
            rows.append(row)
            columns.append(column)
            weights.append(1.0 / (1.0 + 0.25 * rank))
    needs = sp.csr_matrix(
        (np.asarray(weights, np.float32), (rows, columns)), shape=(len(entries), len(skills))
    )
    terms = tuple(read_term(entry, topic) for entry, topic in entries)
    return Occupations(Vocabulary(terms), tuple(str(entry["code"]) for entry, _ in entries), needs)
