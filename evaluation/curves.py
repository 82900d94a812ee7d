"""Curves for the report: what diversity costs, and whether more data would help."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evaluation import beyond_accuracy, metrics
from evaluation.entrants import Rankings
from evaluation.significance import bootstrap_means, interval
from evaluation.task import Task
from recommender.reranking.greedy import rerank

K = 10
RELEVANCE_WEIGHTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3)
MAX_CURVE_PARTICIPANTS = 3_000
LEARNING_SHARES = (0.1, 0.25, 0.5)


def diversity_curve(task: Task, lists: Rankings, seed: int) -> pl.DataFrame:
    """Reorder the pools by maximal marginal relevance and see what diversity costs."""
    asked = np.flatnonzero(task.truth.sizes > 0)
    rows = np.random.default_rng(seed).permutation(asked)[:MAX_CURVE_PARTICIPANTS]
    pool, scores = lists.ranked[rows], lists.scores[rows]
    truth = _truth_at(task.truth, rows)
    real = np.maximum(pool, 0)
    points = []
    for weight in RELEVANCE_WEIGHTS:
        chosen = rerank(
            scores,
            real,
            task.item_vectors,
            K,
            relevance_weight=weight,
        )
        picked = np.take_along_axis(pool, np.maximum(chosen, 0), axis=1)
        picked = np.where(chosen >= 0, picked, -1)
        ndcg = np.nanmean(metrics.ndcg(metrics.judge(picked, truth), K))
        diversity = beyond_accuracy.intra_list_diversity(picked, task.item_vectors)
        if np.isnan(diversity).all():
            continue
        points.append((weight, float(ndcg), float(np.nanmean(diversity))))
    return pl.DataFrame(points, schema=["relevance_weight", "ndcg", "diversity"], orient="row")


def learning_curve(
    task: Task,
    learn: Callable[[Task], Rankings],
    subject: Rankings,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> pl.DataFrame:
    """Return the quality by how much was learnt from: the events of some, or of all participants.

    Parameters
    ----------
    task : Task
    learn : callable
        From a thinned task to the lists, for the people of the whole task.
    subject : Lists
        What was learnt from all.

    Returns
    -------
    DataFrame
        ``share, mean, low, high``.
    """
    shares = (*LEARNING_SHARES, 1.0)
    lists = [*(learn(task.thin(share, seed)) for share in LEARNING_SHARES), subject]
    values = [metrics.ndcg(metrics.judge(x.ranked, task.truth), K) for x in lists]
    columns = np.column_stack(values)
    low, high = interval(bootstrap_means(columns, draws=draws, seed=seed))
    return pl.DataFrame(
        {"share": shares, "mean": np.nanmean(columns, axis=0), "low": low, "high": high}
    )


def _truth_at(truth: metrics.Truth, rows: NDArray[np.intp]) -> metrics.Truth:
    place = np.full(len(truth.sizes), -1)
    place[rows] = np.arange(len(rows))
    owner = place[np.repeat(np.arange(len(truth.sizes)), truth.sizes)]
    return metrics.Truth.from_events(owner[owner >= 0], truth.items[owner >= 0], len(rows))
