"""Paired tests and intervals over users, for many comparisons at once.

The columns of a difference matrix are comparisons (a model, a metric, a slice); a NaN says that the
user does not count in that column. One set of resampled users serves every column, so all of them
cost one matrix product, and they stay correlated as they are in life.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Matrix = NDArray[np.float64]

_CELLS = 1 << 24  # resampling weights held at a time (float32: 64 MB)


def bootstrap_means(values: Matrix, *, draws: int = 1000, seed: int = 0) -> Matrix:
    """Return the mean of each column in each of ``draws`` resamples of the users (Efron 1979).

    Parameters
    ----------
    values : ndarray of float, shape (U, C)
        NaN where a user does not count; the mean is over those that do.

    Returns
    -------
    ndarray of float64, shape (draws, C)
    """
    present = ~np.isnan(values)
    numbers = np.hstack([np.where(present, values, 0), present]).astype(np.float32)
    means = []
    for counts in _resample_counts(len(values), draws, seed):
        sums = (counts @ numbers).astype(np.float64)
        total, n = np.split(sums, 2, axis=1)
        means.append(total / np.where(n > 0, n, np.nan))
    return np.concatenate(means)


def interval(draws: Matrix, level: float = 0.95) -> tuple[Matrix, Matrix]:
    """Percentile interval of each column of bootstrap draws; NaN where a column has none."""
    tail = (1 - level) / 2
    known = np.where(np.isnan(draws).all(axis=0), 0.0, draws)
    low, high = np.nanquantile(known, [tail, 1 - tail], axis=0)
    empty = np.isnan(draws).all(axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def randomisation_test(differences: Matrix, *, draws: int = 10_000, seed: int = 0) -> Matrix:
    """Two-sided p-value of each column under random swaps of the two models (Fisher 1935).

    Swapping a user's two models flips the sign of the difference. The observed assignment counts as
    one of the draws, so a p-value is never 0 and the test is exact (Phipson & Smyth 2010).

    Parameters
    ----------
    differences : ndarray of float, shape (U, C)

    Returns
    -------
    ndarray of float64, shape (C,)
    """
    values = np.nan_to_num(differences)
    values = values[(values != 0).any(axis=1)].astype(np.float32)  # a zero stays zero either way
    observed = np.abs(values.sum(axis=0))
    # float32 sums of the same numbers in another order differ in the last digits
    threshold = observed - 1e-5 * np.abs(values).sum(axis=0)
    at_least = np.ones(values.shape[1])
    for signs in _random_signs(len(values), draws, seed):
        at_least += (np.abs(signs @ values) >= threshold).sum(axis=0)
    return np.asarray(at_least / (draws + 1))


def holm(p_values: Matrix) -> Matrix:
    """Adjust p-values so that the family-wise error is kept (Holm 1979); NaN stays NaN."""
    adjusted = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted


def paired_effect(differences: Matrix) -> Matrix:
    """Mean of the differences in their standard deviations (Cohen's d_z), per column."""
    n = (~np.isnan(differences)).sum(axis=0)
    filled = np.where(np.isnan(differences), 0, differences)
    mean = filled.sum(axis=0) / np.maximum(n, 1)
    squares = (np.where(np.isnan(differences), 0, differences - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(n - 1, 1))
    return np.where(deviation > 0, mean / np.where(deviation > 0, deviation, 1), 0.0)


def effect_interval(effects: Matrix, n: Matrix, level: float = 0.95) -> tuple[Matrix, Matrix]:
    """Interval of d_z of n differences, by its large-sample error (Hedges & Olkin 1985)."""
    margin = stats.norm.ppf((1 + level) / 2) * np.sqrt((1 + effects**2 / 2) / np.maximum(n, 1))
    return effects - margin, effects + margin


def _resample_counts(n: int, draws: int, seed: int) -> Iterator[NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    for size in _block_sizes(n, draws):
        picked = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        yield np.bincount(picked.ravel(), minlength=size * n).reshape(size, n).astype(np.float32)


def _random_signs(n: int, draws: int, seed: int) -> Iterator[NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    for size in _block_sizes(n, draws):
        bits = np.unpackbits(np.frombuffer(rng.bytes(size * n // 8 + 1), np.uint8), count=size * n)
        yield bits.reshape(size, n).astype(np.float32) * 2 - 1


def _block_sizes(n: int, draws: int) -> Iterator[int]:
    step = max(_CELLS // max(n, 1), 1)
    for start in range(0, draws, step):
        yield min(step, draws - start)
