"""What is expected to come of a training once it is taken: that it is finished, and leads to work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit

from recommender.catalogue.quality import Quality
from recommender.ranking.features import FEATURES

_FILE = "outcome.safetensors"
_COMPLETION, _PLACEMENT = FEATURES.index("completion"), FEATURES.index("placement")


@dataclass(frozen=True)
class ExpectedOutcome:
    """The chance that a person finishes a training, times that those who finish find work by it.

    The first starts from the training's own completion rate, shrunk (`recommender.catalogue.quality`), and is moved
    by what the features say of the person and the training: a logistic regression with the rate's log
    odds as offset. The second is the training's placement rate, shrunk, the same for all persons: placement
    is known of trainings and not of single people. Where a catalogue knows no rate, all trainings are alike in it.

    Attributes
    ----------
    weights : ndarray of float32, shape (F,)
        Of the features, in log odds.
    centre : ndarray of float32, shape (F,)
        Features of the usual pair, to whom the training's own rate applies.
    """

    weights: NDArray[np.float32]
    centre: NDArray[np.float32]

    @classmethod
    def of_rates(cls, quality: Quality) -> Self:
        """Return what the trainings' own figures say, the same to everybody."""
        weights, centre = np.zeros((2, len(FEATURES)), dtype=np.float32)
        centre[[_COMPLETION, _PLACEMENT]] = quality.completion.mean(), quality.placement.mean()
        return cls(weights, centre)

    @classmethod
    def fit(
        cls, features: NDArray[np.float32], finished: NDArray[np.bool_], l2: float = 100.0
    ) -> Self:
        """Learn from M pairs of a person and a training that was taken, with time enough to finish it.

        Parameters
        ----------
        features : ndarray of float32, shape (M, F)
            As they stood before it was taken.
        finished : ndarray of bool, shape (M,)
        l2 : float
            Penalty on the weights of the scaled features, in pairs.
        """
        x = features[:, : len(FEATURES)].astype(np.float64)
        centre, scale = x.mean(axis=0), x.std(axis=0)
        x = np.divide(x - centre, scale, out=np.zeros_like(x), where=scale > 1e-6)
        offset = _log_odds(features[:, _COMPLETION].astype(np.float64))
        sign = np.where(finished, 1.0, -1.0)

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            margin = sign * (offset + x @ weights)
            value = -log_expit(margin).sum() + l2 / 2 * weights @ weights
            return float(value), l2 * weights - x.T @ (sign * expit(-margin))

        found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
        weights = np.divide(found, scale, out=np.zeros_like(found), where=scale > 1e-6)
        return cls(weights.astype(np.float32), centre.astype(np.float32))

    def completion(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the chance that each pair's training is finished, (M,), from features (M, F)."""
        moved = (features[:, : len(FEATURES)] - self.centre) @ self.weights
        chance: NDArray[np.float32] = expit(_log_odds(features[:, _COMPLETION]) + moved)
        return chance

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the expected outcome of each pair, (M,), in [0, 1]."""
        return self.completion(features) * features[:, _PLACEMENT]

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each outcome away from the usual pair's, to first order, (M, F)."""
        chance = self.completion(features)
        slope = chance * (1 - chance) * features[:, _PLACEMENT]
        moved = slope[:, None] * self.weights * (features[:, : len(FEATURES)] - self.centre)
        rate, usual = features[:, _COMPLETION], self.centre[_COMPLETION]
        moved[:, _COMPLETION] += slope * (_log_odds(rate) - _log_odds(usual))
        moved[:, _PLACEMENT] += chance * (features[:, _PLACEMENT] - self.centre[_PLACEMENT])
        return moved

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors."""
        save_file({"weights": self.weights, "centre": self.centre}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what was saved."""
        return cls(**load_file(folder / _FILE))


def _log_odds(rate: NDArray[np.floating]) -> NDArray[np.floating]:
    odds: NDArray[np.floating] = logit(np.clip(rate, 0.001, 0.999))
    return odds
