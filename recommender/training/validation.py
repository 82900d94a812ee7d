"""How well a way to rank foretold what participants then took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.bundles.training_report import Estimate, Foretold
from recommender.training.examples import Examples

K: Final = 10
NORMAL_95: Final = 1.96


def measure(name: str, scores: NDArray[np.float32], examples: Examples) -> Foretold:
    """Return NDCG@10 and Recall@10 of participants' candidates in the order of their scores, shape (M,).

    What was taken and is no candidate counts as not found.
    """
    persons = len(examples.groups)
    owner = np.repeat(np.arange(persons), examples.groups)
    order = np.lexsort((-scores, owner))
    starts = np.cumsum(examples.groups) - examples.groups
    place = np.arange(len(owner)) - np.repeat(starts, examples.groups)
    top = place < K
    gains, rows = examples.gains[order][top], owner[top]
    dcg = np.bincount(rows, gains / np.log2(place[top] + 2), persons)
    return Foretold(
        name=name,
        ndcg=estimate(dcg / examples.ideal),
        recall=estimate(np.bincount(rows, gains > 0, persons) / examples.wanted),
    )


def measure_sources(examples: Examples, names: Sequence[str]) -> list[Foretold]:
    """Return how well each source alone foretold; its scores stand in the columns named ``SOURCE_score``."""
    suffix = "_score"
    return [
        measure(name.removesuffix(suffix), examples.features[:, column], examples)
        for column, name in enumerate(names)
        if name.endswith(suffix)
    ]


def measure_candidates(examples: Examples) -> Estimate:
    """Return the share of what was taken that is among the candidates."""
    owner = np.repeat(np.arange(len(examples.groups)), examples.groups)
    found = np.bincount(owner, examples.gains > 0, len(examples.groups))
    return estimate(found / examples.wanted)


def find_ideal(gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest DCG@10 that a list could have, shape (B,), of gains (B, N)."""
    k = min(K, gains.shape[1])
    best = -np.sort(np.partition(-gains, k - 1, axis=1)[:, :k], axis=1)  # descending
    ideal: NDArray[np.float32] = best @ (1 / np.log2(np.arange(k) + 2)).astype(np.float32)
    return ideal


def estimate(values: NDArray[np.floating]) -> Estimate:
    """Return the mean over persons and its 95% interval by the normal approximation."""
    mean = float(values.mean())
    reach = NORMAL_95 * float(values.std()) / max(len(values), 1) ** 0.5
    return Estimate(mean=mean, low=mean - reach, high=mean + reach)
