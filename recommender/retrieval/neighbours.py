"""Who and what is alike: trainings and participants in the same space, searched with FAISS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.index.flat import FaissIndex


@dataclass(frozen=True)
class Neighbours:
    """An index of the trainings and one of the participants.

    Every method returns ids with cosines, the nearest first.
    """

    courses: FaissIndex
    participants: FaissIndex

    def similar_courses(self, course_id: str, k: int) -> list[tuple[str, float]]:
        """Return the trainings most like one, itself left out."""
        found = _nearest(self.courses, self._course(course_id), k + 1)
        return [pair for pair in found if pair[0] != course_id][:k]

    def find_audience(self, course_id: str, k: int) -> list[str]:
        """Return the participants whose profile, as it was when the bundle was made, is nearest to a training."""
        found = _nearest(self.participants, self._course(course_id), k)
        return [participant_id for participant_id, _ in found]

    def _course(self, course_id: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.courses.vectors[self.courses.rows([course_id])[0]]
        return vector


def _nearest(index: FaissIndex, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
    ids, cosines = index.search(vector[None, :], k)
    return list(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))
