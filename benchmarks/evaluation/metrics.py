"""Speed of the metrics against RecTools and ranx, on one ranking, side by side in one run.

Each library gets the ranking in its own form, built beforehand and not counted (for ranx that takes
longer than everything else). All then compute the same six metrics at two cut-offs. Turns are
interleaved and the fastest of each counts, so a busy machine disturbs all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from evaluation.metrics import Truth, accuracy

TARGET = 5.0
CUTOFFS = (10, 20)

Means = Mapping[str, float]
Job = Callable[[], Means]


def run(
    *,
    users: int = 24_000,
    items: int = 8_000,
    events: int = 100_000,
    repeats: int = 7,
    seed: int = 0,
) -> BenchmarkResult:
    """Time the metrics of a ranking of 20 places for as many users and items as COCO has.

    Raises
    ------
    ImportError
        If the peers (``pip install padan[bench]``) are not installed.
    AssertionError
        If the libraries disagree on a metric that they define alike.
    """
    ranked, truth = _draw_ranking(users, items, events, seed)
    jobs = {
        "padan": _ours(ranked, truth),
        "rectools": _rectools(ranked, truth),
        "ranx": _ranx(ranked, truth),
    }
    means = {name: job() for name, job in jobs.items()}  # compiles and warms up, too
    _check_agreement(means)
    seconds = {name: [] for name in jobs}  # type: dict[str, list[float]]
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - start)
    best = {name: min(times) for name, times in seconds.items()}
    figure = min(best["rectools"], best["ranx"]) / best["padan"]
    _show(best)
    details: dict[str, Any] = {
        "seconds": best,
        "seconds_median": {name: float(np.median(times)) for name, times in seconds.items()},
        "users": users,
        "items": items,
        "events": events,
        "metrics": sorted(means["padan"]),
    }
    return BenchmarkResult("evaluation", round(figure, 2), TARGET, figure >= TARGET, details)


def _draw_ranking(
    users: int, items: int, events: int, seed: int
) -> tuple[NDArray[np.int32], Truth]:
    """Events with a long tail, and lists in which about every second user has a hit."""
    rng = np.random.default_rng(seed)
    tail = 1 / np.arange(1, items + 1)
    truth = Truth.from_events(
        rng.integers(0, users, events), rng.choice(items, events, p=tail / tail.sum()), users
    )
    # Gumbel noise draws without repetition in proportion to the tail
    scores = np.log(tail[:500]) + rng.gumbel(size=(users, len(tail[:500])))
    return np.argsort(-scores, axis=1)[:, : max(CUTOFFS)].astype(np.int32), truth


def _ours(ranked: NDArray[np.int32], truth: Truth) -> Job:
    def job() -> Means:
        return {
            name: float(np.nanmean(values))
            for name, values in accuracy(ranked, truth, CUTOFFS).items()
        }

    return job


def _rectools(ranked: NDArray[np.int32], truth: Truth) -> Job:
    import pandas as pd
    from rectools import Columns
    from rectools.metrics import MAP, MRR, NDCG, HitRate, Precision, Recall, calc_metrics

    n_users, width = ranked.shape
    classes = {
        "ndcg": NDCG,
        "recall": Recall,
        "precision": Precision,
        "map": MAP,
        "mrr": MRR,
        "hit_rate": HitRate,
    }
    metrics = {f"{name}@{k}": made(k=k) for name, made in classes.items() for k in CUTOFFS}
    reco = pd.DataFrame(
        {
            Columns.User: np.repeat(np.arange(n_users), width),
            Columns.Item: ranked.ravel(),
            Columns.Rank: np.tile(np.arange(1, width + 1), n_users),
        }
    )
    taken = pd.DataFrame({Columns.User: _owners(truth), Columns.Item: truth.items})

    def job() -> Means:
        result: dict[str, float] = calc_metrics(metrics, reco=reco, interactions=taken)
        return result

    return job


def _ranx(ranked: NDArray[np.int32], truth: Truth) -> Job:
    from ranx import Qrels, Run, evaluate

    asked = np.flatnonzero(truth.sizes)
    falling = [float(place) for place in range(ranked.shape[1], 0, -1)]
    names = np.arange(max(int(ranked.max()), int(truth.items.max())) + 1).astype(str)
    lists = names[ranked]
    run_ = Run({str(u): dict(zip(lists[u].tolist(), falling, strict=True)) for u in asked})
    taken = names[truth.items]
    spans = zip(asked, truth.indptr[asked], truth.indptr[asked + 1], strict=True)
    qrels = Qrels({str(u): dict.fromkeys(taken[a:b].tolist(), 1) for u, a, b in spans})
    wanted = [
        f"{name}@{k}"
        for name in ("ndcg", "recall", "precision", "map", "mrr", "hit_rate")
        for k in CUTOFFS
    ]

    def job() -> Means:
        result: dict[str, float] = evaluate(qrels, run_, wanted, make_comparable=False)
        return result

    return job


def _owners(truth: Truth) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(truth.sizes)), truth.sizes)


def _check_agreement(means: Mapping[str, Means]) -> None:
    """RecTools' NDCG divides by another ideal; all else must be the same to the last digits."""
    for name, value in means["padan"].items():
        for peer in ("rectools", "ranx"):
            if peer == "rectools" and name.startswith("ndcg"):
                continue
            if not np.isclose(value, means[peer][name], atol=1e-9):
                raise AssertionError(f"{name}: {value} here, {means[peer][name]} by {peer}")


def _show(seconds: Mapping[str, float]) -> None:
    table = Table(title="Twelve metrics of one ranking, fastest of the interleaved turns")
    table.add_column("library")
    table.add_column("milliseconds", justify="right")
    table.add_column("times ours", justify="right")
    for name, value in seconds.items():
        table.add_row(name, f"{value * 1e3:.1f}", f"{value / seconds['padan']:.1f}")
    Console().print(table)
