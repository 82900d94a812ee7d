"""Which ranker: the one that puts first what people of the latest cutoff then took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.ranking.additive import AdditiveRanker
from models.ranking.trees import TreeRanker
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import BlendedRanker, ByHistory, FixedRanker, Ranker
from recommender.training.examples import Examples, join_examples

FIXED_SHARES: Final = (0.0, 0.2, 0.4)
MAX_VALIDATED: Final = 4_000  # persons
MIN_VALIDATED: Final = 30
MAX_PAIRS: Final = 320_000
STEADY: Final = 24_000  # persons from whom one model of the trees is as good as the mean of several
MAX_SEEDS: Final = 5
K: Final = 10
CURVES: Final = "curves"
HISTORY: Final = "taken"  # the feature that is 0 where there is none


class ChosenRanker(NamedTuple):
    """The best ranker, and NDCG@10 of each on persons of the latest cutoff, by name."""

    ranker: Ranker
    figures: dict[str, float]


def choose_ranker(examples: Sequence[Examples], names: Sequence[str], seed: int) -> ChosenRanker:
    """Fit each kind of ranker without some persons of the latest cutoff, ask it about them, refit the best.

    Parameters
    ----------
    examples : sequence of Examples
        Block by block, those of the latest cutoff first.
    names : sequence of str
        Of the features.

    Notes
    -----
    Validation chooses the share of the fixed weights too, for trees; for newcomers, of whom the log knows nothing,
    and for curves, which cannot tell who is one, it is never less than the largest.
    """
    rng = np.random.default_rng(seed)
    every = join_examples(examples)
    persons = len(every.groups)
    held_out = np.arange(persons) < min(MAX_VALIDATED, max(persons // 3, 1))
    learnt_from = every.take(~held_out).thin(MAX_PAIRS, rng)
    validation = every.take(held_out)
    kinds = list_kinds(len(learnt_from.groups), seed)
    if persons < 2 * MIN_VALIDATED:
        return ChosenRanker(blend_fixed(fit_curves(every, seed), every, FIXED_SHARES[-1]), {})
    figures: dict[tuple[str, float], float] = {}
    for kind, fit in kinds.items():
        ranker = fit(learnt_from)
        for share in FIXED_SHARES if kind != CURVES else FIXED_SHARES[-1:]:
            blended = blend_fixed(ranker, learnt_from, share)
            figures[kind, share] = measure_ndcg(blended.score(validation.features), validation)
    kind, share = max(figures, key=lambda each: figures[each])
    whole = every.thin(MAX_PAIRS, rng)
    named = {f"{kind}, {part:.0%} fixed": value for (kind, part), value in figures.items()}
    ranker = kinds[kind](whole)
    blended = blend_fixed(ranker, whole, share)
    if kind == CURVES or share == FIXED_SHARES[-1]:
        return ChosenRanker(blended, named)
    newcomers = blend_fixed(ranker, whole, FIXED_SHARES[-1])
    return ChosenRanker(ByHistory(blended, newcomers, names.index(HISTORY)), named)


def list_kinds(persons: int, seed: int) -> dict[str, Callable[[Examples], Ranker]]:
    """Return how each kind of ranker is fitted."""
    seeds = min(max(STEADY // max(persons, 1), 1), MAX_SEEDS)
    small = TreeRanker(trees=100, leaves=6, min_leaf=100, seeds=seeds)
    large = TreeRanker(trees=150, leaves=16, min_leaf=20, seeds=seeds)

    def fit_with(trees: TreeRanker) -> Callable[[Examples], Ranker]:
        return lambda examples: fit_trees(replace(trees), examples)

    return {
        CURVES: lambda examples: fit_curves(examples, seed),
        "small trees": fit_with(small),
        "large trees": fit_with(large),
    }


def fit_curves(examples: Examples, seed: int) -> AdditiveRanker:
    """Fit one curve for each of ``FEATURES``."""
    first = examples.features[:, : len(FEATURES)]
    return AdditiveRanker(seed=seed).fit(first, examples.gains, examples.groups, list(FEATURES))


def fit_trees(trees: TreeRanker, examples: Examples) -> TreeRanker:
    """Fit trees on all features; of gains, those of a person's best grade count most."""
    names = [f"f{column}" for column in range(examples.features.shape[1])]
    gains, grades = np.unique(np.append(examples.gains, 0), return_inverse=True)
    trees.label_gain = tuple(gains.tolist())
    labels = grades[:-1].astype(np.float32)
    return trees.fit(examples.features, labels, examples.groups, names)


def blend_fixed(ranker: Ranker, examples: Examples, share: float) -> Ranker:
    """Return a ranker with a share of the fixed weights."""
    if not share:
        return ranker
    return BlendedRanker.of(ranker, FixedRanker(), examples.features, share)


def measure_ndcg(scores: NDArray[np.float32], examples: Examples) -> float:
    """Return the mean NDCG@10 of persons' candidates in the order of their scores."""
    owner = np.repeat(np.arange(len(examples.groups)), examples.groups)
    starts = np.cumsum(examples.groups) - examples.groups

    def sum_gains(keys: NDArray[np.float32]) -> NDArray[np.float64]:
        order = np.lexsort((-keys, owner))
        place = np.arange(len(owner)) - np.repeat(starts, examples.groups)
        top = place < K
        gained = examples.gains[order][top] / np.log2(place[top] + 2)
        return np.bincount(owner[top], gained, len(examples.groups)).astype(np.float64)

    return float((sum_gains(scores) / sum_gains(examples.gains)).mean())
