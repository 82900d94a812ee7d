"""Which ranker: the one that puts first what people of the latest cutoff then took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from models.bundles.training_report import Foretold, Validation
from models.ranking.additive import AdditiveRanker
from models.ranking.trees import TreeRanker
from recommender.ranking.features import FEATURES
from recommender.ranking.rankers import BlendedRanker, ByHistory, FixedRanker, Ranker
from recommender.training.examples import Examples
from recommender.training.settings import Kind, RankerSettings
from recommender.training.validation import measure, measure_candidates, measure_sources

MAX_VALIDATED: Final = 4_000  # persons
MIN_VALIDATED: Final = 30
MAX_PAIRS: Final = 320_000
STEADY: Final = 24_000  # persons from whom one model of the trees is as good as the mean of several
MAX_SEEDS: Final = 5
TIMED: Final = 20  # persons
CURVES: Final = "curves"
HISTORY: Final = "taken"  # the feature that is 0 where there is none


class ChosenRanker(NamedTuple):
    """The best ranker, and what it was chosen by."""

    ranker: Ranker
    validation: Validation | None


class Tried(NamedTuple):
    """A kind of ranker with a share of the fixed weights, and how well it foretold."""

    kind: Kind
    share: float
    foretold: Foretold


def count_validated(persons: int) -> int:
    """Return how many of those who are learnt from choose the ranker, the first ones."""
    return min(MAX_VALIDATED, max(persons // 3, 1))


def choose_ranker(
    every: Examples, names: Sequence[str], settings: RankerSettings, seed: int
) -> ChosenRanker:
    """Fit each kind of ranker without some persons of the latest cutoff, ask it about them, refit the best.

    Parameters
    ----------
    every : Examples
        Those of the latest cutoff first.
    names : sequence of str
        Of the features.

    Notes
    -----
    Validation chooses the share of the fixed weights too, for trees; for newcomers, of whom the log knows nothing,
    and for curves, which cannot tell who is one, it is the last of the settings.
    """
    rng = np.random.default_rng(seed)
    persons, last_share = len(every.groups), settings.fixed_shares[-1]
    held_out = np.arange(persons) < count_validated(persons)
    validation = every.take(held_out)
    whole = every.take(every.has_gain).thin(MAX_PAIRS // persons, rng)
    if persons < 2 * MIN_VALIDATED:
        return ChosenRanker(blend_fixed(fit_curves(whole, seed), whole, last_share), None)
    learnt_from = every.take(~held_out & every.has_gain).thin(MAX_PAIRS // persons, rng)
    kinds = list_kinds(len(learnt_from.groups), seed)
    tried: list[Tried] = []
    for kind in settings.kinds:
        ranker = kinds[kind](learnt_from)
        milliseconds = time_ranker(ranker, validation)
        for share in settings.fixed_shares if kind != CURVES else (last_share,):
            blended = blend_fixed(ranker, learnt_from, share)
            name = f"{kind}, {share:.0%} fixed"
            found = measure(name, blended.score(validation.features), validation)
            foretold = found.model_copy(update={"milliseconds": round(milliseconds, 2)})
            tried.append(Tried(kind, share, foretold))
    allowed = [each for each in tried if is_allowed(each, settings.latency_budget_ms)]
    best = max(allowed or tried, key=lambda each: each.foretold.ndcg.mean)
    told = Validation(
        participants=len(validation.groups),
        sources=measure_sources(validation, names),
        candidates=float(validation.groups.mean()),
        candidate_recall=measure_candidates(validation),
        rankers=[each.foretold for each in tried],
        chosen=best.foretold.name,
    )
    ranker = kinds[best.kind](whole)
    blended = blend_fixed(ranker, whole, best.share)
    if best.kind == CURVES or best.share == last_share:
        return ChosenRanker(blended, told)
    newcomers = blend_fixed(ranker, whole, last_share)
    return ChosenRanker(ByHistory(blended, newcomers, names.index(HISTORY)), told)


def is_allowed(tried: Tried, budget: float) -> bool:
    """Return whether a ranker is quick enough; curves always are."""
    milliseconds = tried.foretold.milliseconds
    return tried.kind == CURVES or milliseconds is None or milliseconds <= budget


def time_ranker(ranker: Ranker, examples: Examples) -> float:
    """Return the milliseconds that the candidates of one person take, the median of some persons."""
    seconds = []
    for rows in np.split(examples.features, np.cumsum(examples.groups[:TIMED]))[:TIMED]:
        began = time.perf_counter()
        ranker.score(rows)
        seconds.append(time.perf_counter() - began)
    return 1000 * float(np.median(seconds))


def list_kinds(persons: int, seed: int) -> dict[Kind, Callable[[Examples], Ranker]]:
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
