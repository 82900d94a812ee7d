"""Who and what is alike: trainings and participants in the same space, searched with FAISS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.index.flat import FaissIndex
from models.index.sharded import ShardedIndex

EVERYBODY: Final = "people"  # a folder beside the bundles


@dataclass(frozen=True)
class Neighbours:
    """An index of the trainings and one of the participants.

    Every method returns ids with cosines, the nearest first.

    Attributes
    ----------
    everybody : Path, optional
        Where the index of all people is, once there is one; the participants of the bundle are some of them.
    """

    courses: FaissIndex
    participants: FaissIndex
    everybody: Path | None = None

    def similar_courses(self, course_id: str, k: int) -> list[tuple[str, float]]:
        """Return the trainings most like one, itself left out."""
        found = _nearest(self.courses, self._course(course_id), k + 1)
        return [pair for pair in found if pair[0] != course_id][:k]

    def find_audience(self, course_id: str, k: int) -> list[str]:
        """Return the participants whose profile, as it was when it was indexed, is nearest to a training."""
        vector = self._course(course_id)
        if self.everybody is not None and self.everybody.is_dir():
            # opened for each question, so that no older file is kept whose people may be gone
            ids, _ = ShardedIndex(self.everybody).search(vector[None, :], k)
            return ids[0]
        return [participant_id for participant_id, _ in _nearest(self.participants, vector, k)]

    def _course(self, course_id: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.courses.vectors[self.courses.rows([course_id])[0]]
        return vector


def find_everybody(bundle: Path) -> Path:
    """Return where the index of all people is that a bundle read, or would be."""
    return bundle.parent / EVERYBODY / bundle.name


def _nearest(index: FaissIndex, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
    ids, cosines = index.search(vector[None, :], k)
    return list(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))
