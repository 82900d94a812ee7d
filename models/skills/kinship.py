"""Which skills are of one kind: those that the same occupations need."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def measure_kinship(needs: sp.csr_matrix) -> sp.csr_matrix:
    """Return how nearly the same occupations need each two skills, from 0 to 1; of a skill with itself 0.

    Parameters
    ----------
    needs : csr_matrix of float32, shape (n_occupations, n_skills)
    """
    lengths = np.sqrt(needs.multiply(needs).sum(axis=0)).A1
    columns = needs @ sp.diags_array(1 / np.maximum(lengths, 1e-9))
    kinship = sp.csr_matrix(columns.T @ columns, dtype=np.float32)
    kinship.setdiag(0)
    kinship.eliminate_zeros()
    return kinship
