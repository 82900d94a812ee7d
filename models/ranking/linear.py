"""A linear ranker: one matrix product a request, and steady where there is little to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float32]
CLIP = 5.0


@dataclass
class LinearRanker:
    """Weights of the features, each standardised among a participant's candidates (ListNet's top-one loss).

    What is the same for all of a participant's candidates has no influence, by construction.

    Parameters
    ----------
    l2 : float
        Penalty on the weights, in participants.
    """

    l2: float = 30.0

    def fit(self, features: Floats, labels: Floats, groups: NDArray[np.int64]) -> Self:
        """Learn the weights under which what was taken is likeliest; shapes as in ``Ranker.fit``."""
        finite = np.where(np.isfinite(features), features, np.nan)
        unknown = np.isnan(finite).all(axis=0)
        finite[:, unknown] = 0
        self.least_ = np.nanmin(finite, axis=0)
        table = self._standardise(features, groups).astype(np.float64)
        starts = np.cumsum(groups) - groups
        share = labels / np.repeat(np.add.reduceat(labels, starts), groups)

        def odds(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            scores = table @ weights
            scores -= np.repeat(np.maximum.reduceat(scores, starts), groups)
            likely = np.exp(scores)
            return scores, likely / np.repeat(np.add.reduceat(likely, starts), groups)

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            scores, chance = odds(weights)
            total = np.repeat(np.log(np.add.reduceat(np.exp(scores), starts)), groups)
            slope = table.T @ (share - chance)
            penalty = self.l2 / 2 * weights @ weights
            return penalty - share @ (scores - total), self.l2 * weights - slope

        def curvature(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            likely = table * odds(weights)[1][:, None]
            mean = np.add.reduceat(likely, starts)
            bend: NDArray[np.float64] = table.T @ likely - mean.T @ mean
            return bend + self.l2 * np.eye(len(weights))

        # few variables, many rows: Newton's steps are worth their second derivatives
        found = minimize(
            loss, np.zeros(table.shape[1]), jac=True, hess=curvature, method="trust-exact"
        )
        self.weights_ = found.x.astype(np.float32)
        return self

    def score(self, features: Floats, groups: NDArray[np.int64]) -> Floats:
        """Return the score of each pair, shape (R,)."""
        scores: Floats = self._standardise(features, groups) @ self.weights_
        return scores

    def _standardise(self, features: Floats, groups: NDArray[np.int64]) -> Floats:
        known = np.where(np.isfinite(features), features, self.least_).astype(np.float32)
        return np.clip(standardise(known, groups), -CLIP, CLIP)


def standardise(values: Floats, groups: NDArray[np.int64]) -> Floats:
    """Return values of mean 0 and variance 1 within each group; 0 where all are alike.

    Parameters
    ----------
    values : ndarray of float32, shape (R,) or (R, F)
    groups : ndarray of int64
        Rows of each group, in order, none of them 0; they sum to R.
    """
    if not len(values):
        return values
    starts = np.cumsum(groups) - groups
    sizes = groups.reshape(-1, *[1] * (values.ndim - 1))
    centred = values - np.repeat(np.add.reduceat(values, starts) / sizes, groups, axis=0)
    deviation = np.sqrt(np.add.reduceat(centred**2, starts) / sizes)
    spread = np.repeat(deviation, groups, axis=0)
    result: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-6)
    return result
