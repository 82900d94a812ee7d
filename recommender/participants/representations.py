"""What candidates are looked for by: worked out of each participant alone, so that it can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tastes:
    """What the sources know of B participants.

    Attributes
    ----------
    wished : ndarray of float32, shape (B, D)
        Unit vector of what each wishes; zeros for one without phrases.
    represented : mapping of str to csr_matrix of float32, B rows each
        What each behaviour model makes of them, see `models.candidates.linear`.
    """

    wished: NDArray[np.float32]
    represented: Mapping[str, sp.csr_matrix]
