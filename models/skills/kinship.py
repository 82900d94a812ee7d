"""Which skills are of one kind: those that the same occupations need, and those of one family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy.sparse as sp

from training_data.skills.vocabulary import Family

OF_FAMILY: Final = 0.8  # of a family to each other, and to the first of what else serves them
FARTHER: Final = 0.125  # by which each next of these counts for less


def measure_kinship(needs: sp.csr_matrix, families: Sequence[Family] = ()) -> sp.csr_matrix:
    """Return how near each skill (row) is to each other one (column), from 0 to 1; of a skill with itself 0.

    Parameters
    ----------
    needs : csr_matrix of float32, shape (n_occupations, n_skills)
        Skills are as near as their columns: by the cosine.
    families : sequence of Family
        The nearer of both counts.
    """
    lengths = np.sqrt(needs.multiply(needs).sum(axis=0)).A1
    columns = needs @ sp.diags_array(1 / np.maximum(lengths, 1e-9))
    kinship = sp.csr_matrix(columns.T @ columns, dtype=np.float32)
    kinship = kinship.maximum(_join_families(families, needs.shape[1])).tocsr()
    kinship.setdiag(0)
    kinship.eliminate_zeros()
    return kinship


def _join_families(families: Sequence[Family], n_skills: int) -> sp.csr_matrix:
    nearness: dict[tuple[int, int], float] = {}
    for family in families:
        near = dict.fromkeys(family.skills, OF_FAMILY)
        for place, skill in enumerate(family.also):
            near.setdefault(skill, OF_FAMILY / (1 + FARTHER * place))
        for one in family.skills:
            for other, value in near.items():
                nearness[one, other] = max(value, nearness.get((one, other), 0.0))
    pairs = np.array(list(nearness), dtype=np.int32).reshape(-1, 2)
    values = np.fromiter(nearness.values(), dtype=np.float32, count=len(nearness))
    return sp.csr_matrix((values, (pairs[:, 0], pairs[:, 1])), shape=(n_skills, n_skills))
