"""Rankers beside each other: the same examples, the same candidates; quality and speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.quality.data import QualityData
from benchmarks.quality.ours import horizon, sources
from benchmarks.quality.task import Ids, RankingTask
from models.candidates.histories import histories
from models.candidates.side import SideInformation
from models.candidates.top_k import top_k
from models.ranking.additive import AdditiveRanker
from models.ranking.ensemble import RankerEnsemble
from models.ranking.linear import LinearRanker
from models.ranking.trees import Ranker
from models.ranking.two_stage import BATCH, Examples, TwoStage, not_taken, of_kind, sizes

Floats = NDArray[np.float32]
Score = Callable[[Floats, NDArray[np.int64]], Floats]

TREES: Final = 150
LEAVES: Final = 16
MIN_LEAF: Final = 20
FIRST: Final = 30  # candidates that the cascade's second ranker sees
MAX_QUERIES: Final = 4_000
UNKNOWN: Final = -1e6
SECONDS: Final = 1.0  # of scoring, at least, for a rate


def _lambdarank(examples: Examples, threads: int) -> Score:
    ranker = Ranker(trees=TREES, leaves=LEAVES, min_leaf=MIN_LEAF, threads=threads)
    ranker.fit(examples.table, examples.labels, examples.groups, examples.names)
    return lambda table, _: ranker.score(table)


def _hist_gradient_boosting(examples: Examples, threads: int) -> Score:  # noqa: ARG001
    """Fit as many trees of the same shape, on whether the course was taken."""
    model = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=MIN_LEAF,
        learning_rate=0.05,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=0,
    )
    table = np.where(np.isfinite(examples.table), examples.table, np.nan)
    model.fit(table, examples.labels > 0)

    def score(rows: Floats, _: NDArray[np.int64]) -> Floats:
        fill_unknown = np.where(np.isfinite(rows), rows, np.nan)
        return np.asarray(model.decision_function(fill_unknown), dtype=np.float32)

    return score


def _linear(examples: Examples, threads: int) -> Score:  # noqa: ARG001
    return LinearRanker().fit(examples.table, examples.labels, examples.groups).score


def _both(examples: Examples, threads: int) -> Score:
    trees = Ranker(trees=TREES, leaves=LEAVES, min_leaf=MIN_LEAF, threads=threads)
    ensemble = RankerEnsemble(trees, LinearRanker(), 0.5)
    return ensemble.fit(examples.table, examples.labels, examples.groups, examples.names).score


def _additive(examples: Examples, threads: int) -> Score:
    # its curves are for finite values: what is unknown stands below all that is known
    def fill_unknown(table: Floats) -> Floats:
        return np.where(np.isfinite(table), table, np.float32(UNKNOWN))

    ranker = AdditiveRanker(threads=threads)
    ranker.fit(fill_unknown(examples.table), examples.labels, examples.groups, examples.names)
    return lambda table, _: ranker.score(fill_unknown(table))


def _cascade(examples: Examples, threads: int) -> Score:
    """Fit the linear ranker for all candidates, and trees for its best ``FIRST``."""
    linear, trees = _linear(examples, threads), _lambdarank(examples, threads)

    def score(table: Floats, groups: NDArray[np.int64]) -> Floats:
        cheap = linear(table, groups)
        row = np.repeat(np.arange(len(groups)), groups)
        order = np.lexsort((-cheap, row))
        starts = np.cumsum(groups) - groups
        first = order[(np.arange(len(order)) - starts[row]) < FIRST]
        scores = -1e6 + cheap
        scores[first] = trees(table[first], groups)
        return scores

    return score


RANKERS: Final[dict[str, Callable[[Examples, int], Score]]] = {
    "LightGBM lambdarank": _lambdarank,
    "scikit-learn HistGradientBoosting": _hist_gradient_boosting,
    "linear (ListNet)": _linear,
    "lambdarank + linear": _both,
    "additive curves (serving)": _additive,
    "cascade: linear, then lambdarank": _cascade,
}


def compare_rankers(
    data: QualityData,
    side: SideInformation,
    tasks: dict[str, RankingTask],
    figure: Callable[[RankingTask, Ids, Ids], float],
    *,
    threads: int = 1,
) -> dict[str, dict[str, float]]:
    """Return for each ranker its NDCG@10 for warm participants of each task, and its speed.

    Parameters
    ----------
    tasks : dict of str to Task
        "validation" and "test"; each ranker is fitted anew for each.
    figure : callable(task, users, ids) -> float
    threads : int
        Of LightGBM; the other rankers use what their libraries use.

    Returns
    -------
    dict of str to dict
        "validation", "test" (NDCG@10), "fit_seconds" and "rows_per_second" on the last task, in processor time, so
        that a busy machine takes nothing from one.
    """
    found: dict[str, dict[str, float]] = {name: {} for name in RANKERS}
    for which, task in tasks.items():
        model = TwoStage(sources(side), horizon=horizon(data))
        examples = model.examples(task.past, side)
        if examples is None or not len(task.warm):
            continue
        part = of_kind(examples, warm=True)
        scores: dict[str, Score] = {}
        for name, fit in RANKERS.items():
            began = time.process_time()
            scores[name] = fit(part, threads)
            found[name]["fit_seconds"] = time.process_time() - began
        model.fit_sources(task.past, side)
        users = _some(task.warm)
        lists, rates = _rank(model, task, users, data, scores)
        for name, ids in lists.items():
            found[name][which] = figure(task, users, ids)
            found[name]["rows_per_second"] = rates[name]
    return found


def _some(users: Ids) -> Ids:
    drawn = np.random.default_rng(0).choice(users, min(MAX_QUERIES, len(users)), replace=False)
    return np.sort(drawn)


def _rank(
    model: TwoStage, task: RankingTask, users: Ids, data: QualityData, scores: dict[str, Score]
) -> tuple[dict[str, Ids], dict[str, float]]:
    lists: dict[str, list[Ids]] = {name: [] for name in scores}
    rates: dict[str, float] = {}
    everybody = histories(task.past, None, data.user_attributes, data.user_joined)
    for start in range(0, len(users), BATCH):
        batch = everybody.take(users[start : start + BATCH].astype(np.intp))
        pairs, table, _ = model.candidates(batch, not_taken(batch))
        groups = sizes(pairs.rows)
        for name, score in scores.items():
            whole = np.full((len(batch), batch.n_items), -np.inf, dtype=np.float32)
            whole[pairs.rows, pairs.items] = score(table, groups)
            lists[name].append(top_k(whole, 10)[0])
            if not start:
                rates[name] = _rate(score, table, groups)
    return {name: np.concatenate(parts) for name, parts in lists.items()}, rates


def _rate(score: Score, table: Floats, groups: NDArray[np.int64]) -> float:
    began = time.process_time()
    rows = 0
    while time.process_time() - began < SECONDS:
        score(table, groups)
        rows += len(table)
    return rows / (time.process_time() - began)


def show_rankers(found: dict[str, dict[str, Any]], console: Console) -> None:
    """Print the comparison."""
    table = Table(title="rankers on the same candidates, warm participants")
    table.add_column("ranker", no_wrap=True)
    headings = {
        "validation": "NDCG@10 validation",
        "test": "NDCG@10 test",
        "fit_seconds": "fit, s",
        "rows_per_second": "rows/s",
    }
    for heading in headings.values():
        table.add_column(heading, justify="right")
    for name, figures in found.items():
        values = [figures.get(key, float("nan")) for key in headings]
        row = [f"{value:.4f}" for value in values[:2]]
        table.add_row(name, *row, f"{values[2]:.1f}", f"{values[3]:,.0f}")
    console.print(table)
