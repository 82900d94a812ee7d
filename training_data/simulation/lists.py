"""Lists shown to some visitors, with the exact probability of each place, and their clicks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training_data.simulation import figures

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Lists:
    """V lists of K places; a place beyond the permitted trainings has propensity 0.

    Attributes
    ----------
    course : ndarray of int, shape (V, K)
    propensity : ndarray of float64, shape (V, K)
        Probability of the training at its place, given those before it.
    clicked : ndarray of bool, shape (V, K)
    """

    course: NDArray[np.int64]
    propensity: NDArray[np.float64]
    clicked: NDArray[np.bool_]


def plackett_luce(
    weights: Floats, noise: Floats, length: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw ordered lists without replacement, each place in proportion to the weights left.

    Parameters
    ----------
    weights : ndarray of float32, shape (V, N)
        0 where a training must not be shown.
    noise : ndarray of float32, shape (V, N)
        Standard exponential.
    length : int

    Returns
    -------
    course : ndarray of int64, shape (V, length)
    propensity : ndarray of float64, shape (V, length)
        Weight over the weight left at that place; 0 where no training was left.
    """
    arrival = np.divide(noise, weights, out=np.full_like(noise, np.inf), where=weights > 0)
    course = np.argpartition(arrival, length - 1, axis=1)[:, :length]
    order = np.argsort(np.take_along_axis(arrival, course, axis=1), axis=1)
    course = np.take_along_axis(course, order, axis=1)
    shown = np.take_along_axis(weights, course, axis=1).astype(np.float64)
    unshown = weights.astype(np.float64)
    np.put_along_axis(unshown, course, 0.0, axis=1)
    left = unshown.sum(axis=1, keepdims=True) + np.cumsum(shown[:, ::-1], axis=1)[:, ::-1]
    return course, np.divide(shown, left, out=np.zeros_like(left), where=left > 0)


def show_lists(
    logging: Floats, choice: Floats, noise: Floats, uniform: NDArray[np.float64]
) -> Lists:
    """Show lists by the logging policy; people click what they would choose, and what stands high.

    Parameters
    ----------
    logging, choice : ndarray of float32, shape (V, N)
        Weights of the logging policy and of the person's own choice; 0 where not permitted.
    noise : ndarray of float32, shape (V, N)
    uniform : ndarray of float64, shape (V, K)
    """
    course, propensity = plackett_luce(logging, noise, figures.LIST_LENGTH)
    permitted = (choice > 0).sum(axis=1, keepdims=True)
    mean = choice.sum(axis=1, keepdims=True) / np.maximum(permitted, 1)
    wanted = np.take_along_axis(choice, course, axis=1) / np.where(mean > 0, mean, 1.0)
    log_odds = np.log(np.maximum(wanted, 1e-6))
    relevance = 1 / (1 + np.exp(-figures.CLICK_LOGIT - figures.CLICK_PER_LOG_ODDS * log_odds))
    seen = 1 / np.sqrt(np.arange(1, figures.LIST_LENGTH + 1))
    clicked = (uniform < seen * relevance) & (propensity > 0)
    return Lists(course, propensity, clicked)
