"""Off-policy evaluation: what a new policy would have earned, from the log of the old one.

Single choices are weighted by w = pi_new(action) / pi_old(action), slates by the same ratio for
each place. Estimators return an :class:`Estimate` with a 95% interval, or refuse with an
:class:`OverlapError` where the two policies have too little in common for the log to speak.

=====================  =========================================================================
``ips``                mean of w r (Horvitz & Thompson 1952); unbiased, wide
``snips``              sum of w r / sum of w (Swaminathan & Joachims 2015); small bias, narrower
``doubly_robust``      model of r plus weighted residuals (Dudík et al. 2011); right if either is
``independent_ips``    places judged each by its own weight (IIPS; Li et al. 2018); right if a
                       place's reward depends on its item only
``interaction_ips``    a place's weight includes all places before it (RIPS; McInerney et al. 2020);
                       right if people read from the top
=====================  =========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

MIN_EFFECTIVE = 50.0  # effective observations; below it the normal interval does not hold
MAX_SHARE = 0.1  # weight that one observation may carry


class OverlapError(ValueError):
    """The log says too little about the new policy; the message has the figures."""


@dataclass(frozen=True)
class Estimate:
    """The value of a policy per impression (or slate).

    Attributes
    ----------
    value, low, high : float
        Estimate and the borders of its interval, in units of the reward.
    effective_size : float
        Kish's effective sample size (sum w)^2 / sum w^2; the smallest over the places of a slate.
    n : int
        Impressions in the log.
    """

    value: float
    low: float
    high: float
    effective_size: float
    n: int


def importance_weights(target: Array, logging: Array) -> Array:
    """Return pi_new / pi_old of the logged actions.

    Parameters
    ----------
    target, logging : ndarray of float
        Probability of the logged action under the new and the old policy; same shape.

    Raises
    ------
    ValueError
        If a logged probability is not in (0, 1], or a new one not in [0, 1]; names the first row.
    """
    bad = ~((logging > 0) & (logging <= 1) & (target >= 0) & (target <= 1))
    if bad.any():
        row = np.argwhere(bad)[0].tolist()
        raise ValueError(
            f"impression {row}: propensity {logging[tuple(row)]} must be in (0, 1], "
            f"new probability {target[tuple(row)]} in [0, 1]"
        )
    return np.asarray(target / logging, dtype=np.float64)


def effective_size(weights: Array) -> float:
    """Kish's effective sample size of non-negative weights; 0 where all are 0."""
    squares = float(weights @ weights)
    return float(weights.sum() ** 2 / squares) if squares > 0 else 0.0


def ips(rewards: Array, weights: Array, *, level: float = 0.95) -> Estimate:
    """Inverse propensity scoring; ``rewards`` and ``weights`` have shape (n,)."""
    return _estimate(weights * rewards, [weights], level)


def snips(rewards: Array, weights: Array, *, level: float = 0.95) -> Estimate:
    """Self-normalised IPS; the interval is from the delta method of the ratio."""
    mean_weight = max(float(weights.mean()), 1e-12)
    value = (weights * rewards).mean() / mean_weight
    influence = weights * (rewards - value) / mean_weight
    return _estimate(value + influence, [weights], level)


def doubly_robust(
    rewards: Array,
    weights: Array,
    predicted: Array,
    predicted_target: Array,
    *,
    level: float = 0.95,
) -> Estimate:
    """Doubly robust estimate.

    Parameters
    ----------
    rewards, weights : ndarray of float, shape (n,)
    predicted : ndarray of float, shape (n,)
        Predicted reward of the logged action. The model must not have seen the same impression:
        predict out of fold, or the interval is too narrow.
    predicted_target : ndarray of float, shape (n,)
        Mean predicted reward over the actions of the new policy.
    """
    return _estimate(predicted_target + weights * (rewards - predicted), [weights], level)


def independent_ips(rewards: Array, weights: Array, *, level: float = 0.95) -> Estimate:
    """IIPS for slates: sum over places of reward x weight of the place.

    Parameters
    ----------
    rewards : ndarray of float, shape (n, k)
        Reward of each place; the value of a slate is their sum.
    weights : ndarray of float, shape (n, k)
        Marginal ratio pi_new(item at place) / pi_old(item at place).
    """
    return _estimate((weights * rewards).sum(axis=1), list(weights.T), level)


def interaction_ips(rewards: Array, weights: Array, *, level: float = 0.95) -> Estimate:
    """RIPS for slates: self-normalised, each place weighted by the ratios of all places up to it.

    Parameters
    ----------
    rewards : ndarray of float, shape (n, k)
    weights : ndarray of float, shape (n, k)
        Ratio at each place given the places above it; their running product is the weight.
    """
    running = np.cumprod(weights, axis=1)
    mean_weight = np.maximum(running.mean(axis=0), 1e-12)
    values = (running * rewards).mean(axis=0) / mean_weight
    influence = (running * (rewards - values) / mean_weight).sum(axis=1)
    return _estimate(values.sum() + influence, list(running.T), level)


def _estimate(terms: Array, weights: list[Array], level: float) -> Estimate:
    """Mean of independent terms with a Student interval, if every place has overlap."""
    n = len(terms)
    if n == 0:
        raise OverlapError("the log is empty")
    for place, column in enumerate(weights, start=1):
        _require_overlap(column, f"place {place}" if len(weights) > 1 else "the log")
    value = float(terms.mean())
    margin = float(stats.t.ppf((1 + level) / 2, n - 1) * terms.std(ddof=1) / np.sqrt(n))
    size = min(effective_size(column) for column in weights)
    return Estimate(value, value - margin, value + margin, size, n)


def _require_overlap(weights: Array, where: str) -> None:
    """Refuse thin overlap, and mass of the new policy on what was never shown.

    The mean weight is 1 where the old policy could show all that the new one would; a mean far
    below means that it could not, and no reweighting repairs that.
    """
    size = effective_size(weights)
    if size < MIN_EFFECTIVE:
        raise OverlapError(
            f"{where}: {len(weights)} impressions count as {size:.0f} for the new policy, "
            f"{MIN_EFFECTIVE:.0f} are needed; log more exploration or evaluate a closer policy"
        )
    share = float(weights.max() / weights.sum())
    if share > MAX_SHARE:
        raise OverlapError(f"{where}: one impression carries {share:.0%} of the weight")
    mean = float(weights.mean())
    error = float(weights.std(ddof=1) / np.sqrt(len(weights)))
    if abs(mean - 1) > max(0.1, 4 * error):
        raise OverlapError(
            f"{where}: the weights average {mean:.2f} and should average 1; the old policy never "
            "showed part of what the new one would, or the propensities are wrong"
        )
