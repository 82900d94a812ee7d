"""Each source of the engine alone on the test, and what the candidates of all of them hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.quality.figures import figures
from benchmarks.quality.task import Ids, RankingTask
from recommender.eligibility.mask import build_list_mask
from recommender.engine import Engine
from recommender.settings import SlateSettings


def measure_sources(
    engine: Engine,
    people: pl.DataFrame,
    events: pl.DataFrame,
    day: dt.date,
    task: RankingTask,
    k: int,
) -> dict[str, Any]:
    """Return the figures of each source alone, and of the candidates of all sources together.

    Parameters
    ----------
    people : DataFrame
        The warm participants of ``task``, in its order.
    """
    lists: dict[str, list[Ids]] = {source: [] for source in engine.sources}
    found_share: list[float] = []
    sizes: list[NDArray[np.int64]] = []
    numbers = np.append(np.array(engine.catalogue.ids, dtype=np.int32), -1)
    first = 0
    for listed in engine.recommend_blocks(people, events, day, SlateSettings(k=1)):
        rows = np.arange(len(listed.participants))
        found, _ = engine.find_candidates(
            listed.participants,
            listed.query,
            rows,
            build_list_mask(listed.query),
            SlateSettings().per_source,
        )
        for source in engine.sources:
            scores = np.where(found.ids >= 0, found.scores[source], -np.inf)
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            has_score = np.take_along_axis(scores, order, axis=1) > 0
            best = np.take_along_axis(found.ids, order, axis=1)
            lists[source].append(numbers[np.where(has_score, best, -1)])
        for row, ids in enumerate(numbers[found.ids]):
            wanted = task.target[task.warm[first + row]].indices
            found_share.append(float(np.isin(wanted, ids).mean()))
        sizes.append((found.ids >= 0).sum(axis=1))
        first += len(rows)
    return {
        "alone": {
            source: figures(task, task.warm, _pad(np.concatenate(parts), k))
            for source, parts in lists.items()
        },
        "candidates": float(np.concatenate(sizes).mean()),
        "candidate_recall": float(np.mean(found_share)),
    }


def _pad(ids: Ids, k: int) -> Ids:
    padding = np.full((len(ids), k - ids.shape[1]), -1, dtype=np.int32)
    return np.hstack([ids, padding])
