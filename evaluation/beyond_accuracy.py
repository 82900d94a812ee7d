"""Metrics of ranked lists beyond accuracy: coverage, exposure, novelty, diversity, calibration, rules, balance.

A ranking is what `evaluation.metrics` takes: an integer array of shape (U, k), padded with -1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.metrics import (
    CELLS,
    PerUser,
    Ranked,
    Truth,
    discounts,
    divide,
    judge,
    nan_without_truth,
)


def coverage(ranked: Ranked, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list."""
    return float(np.count_nonzero(_counts(ranked, n_items)) / n_items)


def gini(ranked: Ranked, n_items: int) -> float:
    """Gini coefficient of how often items are listed: 0 is equal (Castells et al. 2015)."""
    return gini_coefficient(_counts(ranked, n_items))


def gini_coefficient(amounts: ArrayLike) -> float:
    """Gini coefficient of non-negative amounts; NaN where they sum to 0."""
    ordered = np.sort(np.asarray(amounts, dtype=np.float64))
    n, total = len(ordered), ordered.sum()
    if total == 0:
        return float("nan")
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def provider_exposure(ranked: Ranked, providers: NDArray[np.integer], n_providers: int) -> PerUser:
    """Share of attention that each provider's items receive, shape (n_providers,), summing to 1.

    A place at rank r (from 1) gets 1 / log2(1 + r) (Singh & Joachims 2018). ``providers`` has shape
    (N,).
    """
    listed = ranked >= 0
    weights = np.broadcast_to(discounts(ranked.shape[1]), ranked.shape)[listed]
    exposure = np.bincount(providers[ranked[listed]], weights, n_providers)
    return np.asarray(exposure / max(exposure.sum(), 1e-12), dtype=np.float64)


def novelty(ranked: Ranked, item_users: NDArray[np.integer], n_users: int) -> PerUser:
    """Mean self-information of the listed items, in bits (Zhou et al. 2010).

    An item that a share p of the users had in training carries -log2 p.

    Parameters
    ----------
    item_users : ndarray of int, shape (N,)
        Users with each item in training; an item nobody had counts as had by one.
    n_users : int
        Users in training.
    """
    return _list_mean(ranked, -np.log2(np.maximum(item_users, 1) / n_users))


def serendipity(ranked: Ranked, truth: Truth, expected: Ranked) -> PerUser:
    """Share of places with a relevant item that a primitive model does not list (Ge et al. 2010).

    Parameters
    ----------
    expected : ndarray of int, shape (k',) or (U, k')
        The primitive model's list: the most popular items, usually.
    """
    judged = judge(ranked, truth)
    items = ranked[judged.users, judged.ranks]
    if expected.ndim == 1:
        surprising = ~np.isin(items, expected)
    else:
        surprising = (expected[judged.users] != items[:, None]).all(axis=1)
    count = np.bincount(judged.users[surprising], minlength=len(ranked))
    return nan_without_truth(count / ranked.shape[1], truth)


def intra_list_diversity(ranked: Ranked, vectors: NDArray[np.floating]) -> PerUser:
    """Mean of 1 - cosine over the pairs of a list (Ziegler et al. 2005); NaN for less than two.

    Computed from the length of the sum of the unit vectors, so it costs k x d per user and not k^2
    x d.
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.vstack(
        [vectors / np.where(norms > 0, norms, 1), np.zeros((1, vectors.shape[1]))]
    )  # row -1: padding
    unit = unit.astype(np.float32)
    step = max(CELLS // (ranked.shape[1] * unit.shape[1]), 1)
    cosines = np.empty(len(ranked))
    for start in range(0, len(ranked), step):
        listed = unit[ranked[start : start + step]]
        cosines[start : start + step] = (listed.sum(axis=1) ** 2).sum(axis=1) - (listed**2).sum(
            axis=(1, 2)
        )
    n = (ranked >= 0).sum(axis=1)
    return 1.0 - divide(cosines, n * (n - 1))


def calibration(
    ranked: Ranked,
    topics: NDArray[np.floating],
    profiles: NDArray[np.floating],
    alpha: float = 0.01,
) -> PerUser:
    """KL divergence from the list's topics to the user's own, in nats; 0 is best (Steck 2018).

    Parameters
    ----------
    topics : ndarray, shape (N, T)
        Topic distribution of each item.
    profiles : ndarray, shape (U, T)
        Topic distribution of each user's past; a row of zeros (no past) gives NaN.
    alpha : float
        Share of the profile mixed into the list's distribution, which keeps it finite.
    """
    padded = np.vstack([topics, np.zeros((1, topics.shape[1]))])
    listed = np.stack(
        [padded[ranked, topic].sum(axis=1) for topic in range(topics.shape[1])], axis=1
    )
    listed = listed / np.maximum(listed.sum(axis=1, keepdims=True), 1e-12)
    smooth = (1 - alpha) * listed + alpha * profiles
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(profiles > 0, profiles * np.log(profiles / smooth), 0.0)
    known = profiles.sum(axis=1) > 0
    return np.where(known & (ranked >= 0).any(axis=1), terms.sum(axis=1), np.nan)


def constraint_violations(ranked: Ranked, permitted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count listed items that the user may not take, or that stand twice; must be 0. Shape (U,).

    Parameters
    ----------
    permitted : ndarray of bool, shape (U, N)
        The eligibility mask.
    """
    listed = ranked >= 0
    refused = listed & ~np.take_along_axis(permitted, np.where(listed, ranked, 0), axis=1)
    ordered = np.sort(ranked, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    count: NDArray[np.int64] = refused.sum(axis=1) + twice.sum(axis=1)
    return count


def balance_regret(
    ranked: Ranked,
    prices: NDArray[np.integer],
    balances: NDArray[np.integer],
    attainable: NDArray[np.integer] | None = None,
) -> PerUser:
    """Share of the balance lost by taking the list from the top, each training that still fits.

    Parameters
    ----------
    prices : ndarray of int, shape (N,)
    balances : ndarray of int, shape (U,)
        In the unit of the prices; 0 gives NaN.
    attainable : ndarray of int, shape (U,), optional
        The most that the user could have spent on permitted trainings; the whole balance where not
        given.
    """
    left = balances.astype(np.int64)
    for place in range(ranked.shape[1]):
        item = ranked[:, place]
        price = np.where(item >= 0, prices[np.maximum(item, 0)], 0)
        left = left - np.where(price <= left, price, 0)
    lost = left if attainable is None else np.maximum(left - (balances - attainable), 0)
    return divide(lost, balances)


def _counts(ranked: Ranked, n_items: int) -> NDArray[np.intp]:
    return np.bincount(ranked[ranked >= 0], minlength=n_items)


def _list_mean(ranked: Ranked, values: NDArray[np.float64]) -> PerUser:
    padded = np.append(values, 0.0)  # row -1: padding
    return divide(padded[ranked].sum(axis=1), (ranked >= 0).sum(axis=1))
