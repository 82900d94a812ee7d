"""Recommendation quality: ours against the libraries one would otherwise install, on one split.

Protocol: one global time split 80/10/10 (or the set's own files, or the last event of each); every event counts 1
and repeats collapse in the target; every course known by the end of the test is ranked, less what the participant
already took; no sampled negatives. Each model is tuned on validation, refitted on train and validation together,
and run once on the test. Warm participants (with an event in the past) are the headline; newcomers, and courses
first seen after the past, are slices of their own. The best peer is the one that is best *on the test*.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from evaluation.bench.outcome import Outcome
from evaluation.bench.peak_memory import measured
from evaluation.bench.quality_costs import growth, show_growth, side_of
from evaluation.bench.quality_data import QualityData
from evaluation.bench.quality_kept import Entry, fingerprint, read, write
from evaluation.bench.quality_ours import Fitted, fit_ours, horizon, rank_ours, with_new_courses
from evaluation.bench.quality_peers import peers
from evaluation.bench.quality_rankers import compare_rankers, show_rankers
from evaluation.bench.quality_task import Ids, Task, make_task, only_items
from evaluation.bench.quality_tuning import Budget, Peer, tune
from evaluation.metrics import Truth, coverage, judge, ndcg, novelty, recall, reciprocal_rank
from evaluation.significance import bootstrap_means, interval
from models.candidates.side import SideInformation

TARGET: Final = 1.1
K: Final = 20
OURS: Final = "Padan"
POPULAR: Final = "RecTools popular"
NEW_PLACES: Final = 10


def run(
    data: QualityData,
    item_vectors: NDArray[np.float32] | None = None,
    *,
    budget: Budget,
    only: list[Peer] | None = None,
    fresh: bool = False,
    rankers: bool = False,
    parts: bool = False,
    threads: int = 0,
    seed: int = 0,
) -> Outcome:
    """Run ours and the peers on ``data`` and compare them.

    Parameters
    ----------
    item_vectors : ndarray of float32, shape (n_items, D), optional
        Unit vectors of the courses' texts.
    only : list of Peer, optional
        The peers to run; all where None.
    fresh : bool
        Tune and run the peers anew even where an earlier run of the same is kept.
    rankers : bool
        Also compare rankers on the same candidates.
    parts : bool
        Also measure what each part of ours costs and how that grows.
    threads : int
        Of our ranker; 0 uses all cores.
    """
    side = side_of(data, item_vectors)
    validation, test = tasks(data)
    with measured() as cost:
        ours, fitted = _ours(data, side, validation, test, threads)
    extra: dict[str, Any] = {"training": asdict(cost)}
    if rankers:
        both = {"validation": validation, "test": test}
        extra["rankers"] = compare_rankers(data, side, both, mean_ndcg, threads=threads)
    if parts:
        extra["growth"] = growth(data, item_vectors)
    rivals = peers() if only is None else only
    others = [
        peer_entry(data.name, peer, validation, test, budget, seed, fresh=fresh) for peer in rivals
    ]
    return _outcome(data, side, test, [ours, *others], fitted, extra)


def tasks(data: QualityData) -> tuple[Task, Task]:
    """Return the task of validation and that of the test."""
    split, events = data.split, data.events
    return (
        make_task(events.take(split.train), events.take(split.validation)),
        make_task(events.take(split.development), events.take(split.test)),
    )


def mean_ndcg(task: Task, users: Ids, ids: Ids) -> float:
    """Return the mean NDCG@10 of the lists ``ids`` of ``users``."""
    return _mean(ndcg(judge(ids, _truth(task, users)), 10))


def _ours(
    data: QualityData, side: SideInformation, validation: Task, test: Task, threads: int
) -> tuple[Entry, Fitted]:
    fitted = fit_ours(data, side, validation, test, mean_ndcg, threads=threads)
    began = time.monotonic()
    warm, cold = (
        rank_ours(fitted.model, test, users, K, side)
        for users in (test.warm, test.cold)
    )
    fitted.seconds["ranking"] = time.monotonic() - began
    tuning = {
        "params": {"warm": asdict(fitted.model.warm), "cold": asdict(fitted.model.cold)},
        "figure": max(fitted.validation["warm"], default=0.0),
        "trials": len(fitted.validation["warm"]),
        "seconds": fitted.seconds["choosing"],
    }
    return Entry(OURS, warm, cold, tuning, fitted.seconds["refitting"]), fitted


def peer_entry(
    bench: str,
    peer: Peer,
    validation: Task,
    test: Task,
    budget: Budget,
    seed: int = 0,
    *,
    fresh: bool = False,
) -> Entry:
    """Return the peer on the test: as kept from an earlier run of the same, or tuned and run now."""
    key = fingerprint(peer, (validation, test), budget, K, seed)
    if not fresh and (kept := read(bench, peer, key)) is not None:
        return kept
    entry = _run_peer(peer, validation, test, budget, seed)
    write(bench, peer, key, entry)
    return entry


def _run_peer(peer: Peer, validation: Task, test: Task, budget: Budget, seed: int) -> Entry:
    def figure(ids: Ids) -> float:
        return mean_ndcg(validation, validation.warm, ids)

    tuned = tune(peer, validation, figure, budget, seed)
    began = time.monotonic()
    warm = peer.rank(test.past, test.warm, K, tuned.params)
    cold = np.full((len(test.cold), K), -1, dtype=np.int32)
    if peer.serves_newcomers and len(test.cold):
        cold = peer.rank(test.past, test.cold, K, tuned.params)
    return Entry(peer.name, warm, cold, asdict(tuned), time.monotonic() - began)


# --- figures --------------------------------------------------------------------------------------


def _truth(task: Task, users: Ids) -> Truth:
    rows = task.target[users]
    return Truth(rows.indptr, rows.indices)


def _mean(values: NDArray[np.float64]) -> float:
    """Return the mean; 0 of nobody."""
    return float(values.mean()) if len(values) else 0.0


def _figures(task: Task, users: Ids, ids: Ids) -> dict[str, float]:
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


def _against(task: Task, users: Ids, ours: Ids, other: Ids) -> dict[str, Any]:
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


def _new_courses(task: Task, side: SideInformation, ours: Entry) -> dict[str, float]:
    """Recall@20 on the events of courses nobody took in the past, beside a random ranking's.

    Once as the lists are, and once with places 11 to 20 kept for new courses: what that costs is
    the fall of everybody's Recall@20; NDCG@10 stays.
    """
    new = np.bincount(task.past.items, minlength=task.past.n_items) == 0
    part = only_items(task, new)
    users = np.concatenate([part.warm, part.cold])
    if not len(users):
        return {"events": 0.0}
    row = np.full(task.past.n_users, -1)
    everybody = np.concatenate([task.warm, task.cold])
    row[everybody] = np.arange(len(everybody))
    ids = np.vstack([ours.warm, ours.cold])
    kept = with_new_courses(ids, task, everybody, side, NEW_PLACES)
    choices = task.past.n_items - np.diff(task.seen.indptr)[users]
    wanted = np.diff(part.target.indptr)[users]
    events = int(part.target.nnz)
    chance = float((wanted * np.minimum(K / choices, 1)).sum() / events)
    truth, whole = _truth(part, users), _truth(task, everybody)
    found = {
        name: len(judge(lists[row[users]], truth).users) / events
        for name, lists in (("plain", ids), ("kept", kept))
    }
    recalls = [float(recall(judge(lists, whole), K).mean()) for lists in (ids, kept)]
    return {
        "events": float(events),
        "random recall@20": chance,
        "plain recall@20": found["plain"],
        "recall@20": found["kept"],
        "ratio": found["kept"] / chance,
        "everybody's recall@20, plain": recalls[0],
        "everybody's recall@20": recalls[1],
    }


def _outcome(
    data: QualityData,
    side: SideInformation,
    test: Task,
    entries: list[Entry],
    fitted: Fitted,
    extra: dict[str, Any],
) -> Outcome:
    ours, others = entries[0], entries[1:]
    warm = {entry.name: _figures(test, test.warm, entry.warm) for entry in entries}
    best = max(others, key=lambda entry: warm[entry.name]["ndcg@10"])
    against = _against(test, test.warm, ours.warm, best.warm)
    details: dict[str, Any] = {
        "best_peer": best.name,
        "difference": against["difference"],
        "interval": against["interval"],
        "warm": warm,
        "warm_participants": len(test.warm),
        "new_courses": _new_courses(test, side, ours),
        "horizon": horizon(data),
        "validation": fitted.validation,
        "seconds": fitted.seconds,
        **extra,
        "tuning": {entry.name: entry.tuning for entry in entries},
        "kept": [entry.name for entry in others if entry.kept],
    }
    popular = [entry for entry in others if entry.name == POPULAR]
    if len(test.cold) and popular:
        details["cold"] = {
            "participants": len(test.cold),
            OURS: _figures(test, test.cold, ours.cold),
            POPULAR: _figures(test, test.cold, popular[0].cold),
            "against_popularity": _against(test, test.cold, ours.cold, popular[0].cold),
        }
    ratio = against["ratio"]
    return Outcome(f"quality-{data.name}", ratio, TARGET, ratio >= TARGET, details)


# --- on screen ------------------------------------------------------------------------------------


def show(outcome: Outcome, console: Console) -> None:
    """Print the table of a finished benchmark."""
    details = outcome.details
    table = Table(title=f"{outcome.bench}: {details['warm_participants']:,} warm participants")
    table.add_column("model")
    metrics = list(next(iter(details["warm"].values())))
    for name in [*metrics, "trials"]:
        table.add_column(name, justify="right")
    for name, figures in details["warm"].items():
        values = (f"{figures[metric]:.4f}" for metric in metrics)
        table.add_row(name, *values, str(details["tuning"][name]["trials"]))
    console.print(table)
    low, high = details["interval"]
    console.print(
        f"NDCG@10 {outcome.figure:.3f} times that of the best peer, {details['best_peer']}; "
        f"difference {details['difference']:+.4f}, 95% interval {low:+.4f} to {high:+.4f}"
    )
    if details["kept"]:
        console.print(
            f"kept from an earlier run of the same data, split, versions and budget (--fresh runs anew): "
            f"{', '.join(details['kept'])}"
        )
    if "cold" in details:
        cold = details["cold"]
        console.print(
            f"{cold['participants']:,} newcomers: NDCG@10 {cold[OURS]['ndcg@10']:.4f}, "
            f"{cold['against_popularity']['ratio']:.2f} times popularity's"
        )
    new = details["new_courses"]
    if new["events"]:
        console.print(
            f"{new['events']:,.0f} events of courses nobody had taken: Recall@20 "
            f"{new['recall@20']:.4f} with {NEW_PLACES} places kept for them, {new['ratio']:.1f} times "
            f"a random ranking's ({new['plain recall@20']:.4f} without)"
        )
    training = details["training"]
    console.print(
        f"ours, all included: {training['seconds']:.0f} s, at most {training['peak_mb']:,.0f} MB"
    )
    if "rankers" in details:
        show_rankers(details["rankers"], console)
    if "growth" in details:
        show_growth(details["growth"], console)
