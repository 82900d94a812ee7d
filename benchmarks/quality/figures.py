"""The figures of the quality benchmark: metrics, a paired comparison, and new courses by themselves."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.peer_results import Entry
from benchmarks.quality.task import Ids, RankingTask, only_items
from evaluation.beyond_accuracy import coverage, novelty
from evaluation.metrics import Truth, judge, ndcg, recall, reciprocal_rank
from evaluation.significance import bootstrap_means, interval

OURS: Final = "Padan"
K: Final = 20


def mean_ndcg(task: RankingTask, users: Ids, ids: Ids) -> float:
    """Return the mean NDCG@10 of the lists ``ids`` of ``users``."""
    return _mean(ndcg(judge(ids, _truth(task, users)), 10))


def _truth(task: RankingTask, users: Ids) -> Truth:
    rows = task.target[users]
    return Truth(rows.indptr, rows.indices)


def _mean(values: NDArray[np.float64]) -> float:
    """Return the mean; 0 of nobody."""
    return float(values.mean()) if len(values) else 0.0


def figures(task: RankingTask, users: Ids, ids: Ids) -> dict[str, float]:
    """Return all metrics of the lists ``ids`` (U, K) of ``users``."""
    judged = judge(ids, _truth(task, users))
    takers = np.bincount(task.seen.indices, minlength=task.past.n_items)
    known = int((np.diff(task.seen.indptr) > 0).sum())
    return {
        "ndcg@10": _mean(ndcg(judged, 10)),
        "recall@10": _mean(recall(judged, 10)),
        "recall@20": _mean(recall(judged, 20)),
        "mrr@20": _mean(reciprocal_rank(judged, 20)),
        "coverage@10": coverage(ids[:, :10], task.past.n_items),
        "novelty@10": float(np.nanmean(novelty(ids[:, :10], takers, known)))
        if (ids >= 0).any()
        else 0.0,
    }


def against(task: RankingTask, users: Ids, ours: Ids, other: Ids) -> dict[str, Any]:
    """Return the ratio of mean NDCG@10 and the paired 95% interval of the difference."""
    truth = _truth(task, users)
    a, b = (ndcg(judge(ids, truth), 10) for ids in (ours, other))
    if not len(users):
        return {"ratio": 0.0, "difference": 0.0, "interval": [0.0, 0.0]}
    low, high = interval(bootstrap_means((a - b)[:, None], draws=10_000))
    return {
        "ratio": float(a.mean() / max(b.mean(), 1e-12)),
        "difference": float((a - b).mean()),
        "interval": [float(low[0]), float(high[0])],
    }


def new_courses(task: RankingTask, entries: list[Entry]) -> dict[str, float]:
    """Return each model's Recall@20 on the events of courses nobody took in the past, and a random ranking's."""
    new = np.bincount(task.past.items, minlength=task.past.n_items) == 0
    part = only_items(task, new)
    users = np.concatenate([part.warm, part.cold])
    if not len(users):
        return {"events": 0.0}
    row = np.full(task.past.n_users, -1)
    everybody = np.concatenate([task.warm, task.cold])
    row[everybody] = np.arange(len(everybody))
    choices = task.past.n_items - np.diff(task.seen.indptr)[users]
    wanted = np.diff(part.target.indptr)[users]
    events = int(part.target.nnz)
    truth = _truth(part, users)
    found = {
        entry.name: len(judge(np.vstack([entry.warm, entry.cold])[row[users]], truth).users)
        for entry in entries
    }
    chance = float((wanted * np.minimum(K / choices, 1)).sum() / events)
    recalls = {name: count / events for name, count in found.items()}
    return {"events": float(events), "random ranking": chance} | recalls
