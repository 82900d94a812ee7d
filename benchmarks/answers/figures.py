"""Figures of judged lists: what a counsellor would say of the first five."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers.judgements import FITS

K: Final = 5
SEEN_FIRST: Final = 3
_DISCOUNT: Final = 1 / np.log2(np.arange(2, K + 2))
_RESAMPLES: Final = 2_000


@dataclass(frozen=True)
class JudgedList:
    """A list for one person.

    Attributes
    ----------
    grades : ndarray of int, shape (at most K,)
        Of the trainings listed, in order.
    permitted : ndarray of int
        Grades of all trainings that the person may take, the best first.
    """

    grades: NDArray[np.int64]
    permitted: NDArray[np.int64]

    @property
    def can_fit(self) -> bool:
        """Whether anything on topic is permitted."""
        return bool(self.permitted.any())


def judge(listed: Sequence[str], permitted: Sequence[str], grades: Mapping[str, int]) -> JudgedList:
    """Grade a list of course ids."""
    of_listed = np.array([grades.get(course, 0) for course in listed[:K]], dtype=np.int64)
    of_all = np.array([grades.get(course, 0) for course in permitted], dtype=np.int64)
    return JudgedList(of_listed, -np.sort(-of_all))


def ndcg(judged: JudgedList) -> float:
    """nDCG@5 with gains 3 for what fits and 1 for what is related; NaN where nothing permitted is either."""
    return _dcg(judged.grades) / _dcg(judged.permitted[:K]) if judged.can_fit else np.nan


def on_topic(judged: JudgedList) -> float:
    """Share of what is possible in five places that is on topic; NaN where nothing is possible."""
    possible = min(K, int((judged.permitted > 0).sum()))
    return float((judged.grades > 0).sum()) / possible if possible else np.nan


def precision_at_1(judged: JudgedList) -> float:
    """Whether the first fits; NaN where nothing permitted fits."""
    if not (judged.permitted == FITS).any():
        return np.nan
    return float(judged.grades[:1].max(initial=0) == FITS)


def absurd(judged: JudgedList) -> float:
    """Share of the first three places where something off topic stands while something that fits does not."""
    fitting = int((judged.permitted == FITS).sum())
    if not fitting:
        return np.nan
    first = judged.grades[:SEEN_FIRST]
    above = np.cumsum(first == FITS)
    return float(((first == 0) & (above < fitting)).sum()) / SEEN_FIRST


FIGURES: Final = {
    "ndcg@5": ndcg,
    "on_topic@5": on_topic,
    "precision@1": precision_at_1,
    "absurd@3": absurd,
}


def summarise(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean over people and its 95% interval by bootstrap; NaN stands for who does not count."""
    counted = np.array([value for value in values if not np.isnan(value)])
    if not len(counted):
        return np.nan, np.nan, np.nan
    picks = np.random.default_rng(seed).integers(len(counted), size=(_RESAMPLES, len(counted)))
    low, high = np.quantile(counted[picks].mean(axis=1), [0.025, 0.975])
    return float(counted.mean()), float(low), float(high)


def _dcg(grades: NDArray[np.int64]) -> float:
    return float(((2.0**grades - 1) * _DISCOUNT[: len(grades)]).sum())
