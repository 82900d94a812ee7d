"""A model of one's own beside Padan's: padan compare train examples/own_model.py:NextByCount --data DIR."""

import numpy as np

from models.candidates.top_k import top_k


class NextByCount:
    """Recommends what was taken most often by people who took the same trainings."""

    def fit(self, interactions, side=None):  # noqa: ARG002  texts and regions stand in side
        taken = interactions.matrix()
        self.together_ = (taken.T @ taken).astype(np.float32)
        self.popularity_ = np.asarray(taken.sum(axis=0)).ravel()
        return self

    def recommend(self, batch, k, mask=None):
        scores = (batch.matrix() @ self.together_).toarray() + 1e-6 * self.popularity_
        return top_k(scores.astype(np.float32), k, mask)
