"""Recommendation quality: the engine against the libraries one would otherwise install, on one split.

Protocol: one global time split 80/10/10 (or the set's own files, or the last event of each); every event counts 1
and repeats collapse in the target; every course known by the end of the test is ranked, less what the participant
already took; no sampled negatives. Ours is the product: its own `train` on the past, its own engine's lists. Each
peer is tuned on validation, refitted on train and validation together, and run once on the test. Warm participants
(with an event in the past) are the headline; newcomers, and courses first seen after the past, are slices of their
own. The best peer is the one that is best *on the test*.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.quality.cuts import measure_cuts
from benchmarks.quality.data import QualityData, find_horizon, split_tasks
from benchmarks.quality.figures import OURS, K, against, figures, mean_ndcg, new_courses
from benchmarks.quality.kept_rankings import read_kept
from benchmarks.quality.peer_results import Entry, fingerprint, read, write
from benchmarks.quality.peers import list_peers
from benchmarks.quality.served import rank_as_served
from benchmarks.quality.task import Ids, RankingTask
from benchmarks.quality.tuning import Budget, Peer, tune
from benchmarks.result import BenchmarkResult
from models.text.encoder import TextEncoder
from training_data.home import padan_home

TARGET: Final = 1.1
POPULAR: Final = "RecTools popular"


def run(
    data: QualityData,
    encoder: TextEncoder,
    *,
    budget: Budget,
    only: list[Peer] | None = None,
    kept: Sequence[Path] = (),
    fresh: bool = False,
    cuts: int = 1,
    seed: int = 0,
) -> BenchmarkResult:
    """Run the engine and the peers on ``data`` and compare them.

    Parameters
    ----------
    encoder : TextEncoder
        What the engine reads the courses' texts with.
    only : list of Peer, optional
        The peers to run; all where None.
    kept : sequence of Path
        Files of rankings of models tuned elsewhere, see `benchmarks.quality.kept_rankings`.
    fresh : bool
        Tune and run the peers anew even where an earlier run of the same is kept.
    cuts : int
        Over how many cuts in time to take the mean, where more than one; it is then what has to reach the target.
    """
    validation, test = split_tasks(data)
    served = rank_as_served(data, test, encoder, padan_home() / "bench", K)
    rivals = list_peers() if only is None else only
    others = [
        peer_entry(data.name, peer, validation, test, budget, seed, fresh=fresh) for peer in rivals
    ]
    tuned = list(zip(rivals, (entry.tuning["params"] for entry in others), strict=True))
    others += [read_kept(path, test, K) for path in kept]
    extra = {"sources": served.sources, "training": served.training.model_dump(mode="json")}
    outcome = _outcome(data, test, [served.entry, *others], extra)
    if cuts == 1:
        return outcome
    latest = {name: figures["ndcg@10"] for name, figures in outcome.details["warm"].items()}
    over = measure_cuts(data, encoder, tuned, latest, cuts, padan_home() / "bench")
    return replace(
        outcome,
        figure=over["ratio"],
        holds=over["ratio"] >= TARGET,
        details=outcome.details | {"latest_ratio": outcome.figure, "over_cuts": over},
    )


def peer_entry(
    bench: str,
    peer: Peer,
    validation: RankingTask,
    test: RankingTask,
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


def _run_peer(
    peer: Peer, validation: RankingTask, test: RankingTask, budget: Budget, seed: int
) -> Entry:
    def figure(ids: Ids) -> float:
        return mean_ndcg(validation, validation.warm, ids)

    tuned = tune(peer, validation, figure, budget, seed)
    began = time.monotonic()
    warm = peer.rank(test.past, test.warm, K, tuned.params)
    cold = np.full((len(test.cold), K), -1, dtype=np.int32)
    if peer.serves_newcomers and len(test.cold):
        cold = peer.rank(test.past, test.cold, K, tuned.params)
    return Entry(peer.name, warm, cold, asdict(tuned), time.monotonic() - began)


def _outcome(
    data: QualityData,
    test: RankingTask,
    entries: list[Entry],
    extra: dict[str, Any],
) -> BenchmarkResult:
    ours, others = entries[0], entries[1:]
    warm = {entry.name: figures(test, test.warm, entry.warm) for entry in entries}
    best = max(others, key=lambda entry: warm[entry.name]["ndcg@10"])
    compared = against(test, test.warm, ours.warm, best.warm)
    details: dict[str, Any] = {
        "best_peer": best.name,
        "difference": compared["difference"],
        "interval": compared["interval"],
        "warm": warm,
        "warm_participants": len(test.warm),
        "new_courses": new_courses(test, entries),
        "horizon": find_horizon(data),
        **extra,
        "tuning": {entry.name: entry.tuning for entry in entries},
        "kept": [entry.name for entry in others if entry.kept],
    }
    popular = [entry for entry in others if entry.name == POPULAR]
    if len(test.cold) and popular:
        details["cold"] = {
            "participants": len(test.cold),
            OURS: figures(test, test.cold, ours.cold),
            POPULAR: figures(test, test.cold, popular[0].cold),
            "against_popularity": against(test, test.cold, ours.cold, popular[0].cold),
        }
    ratio = compared["ratio"]
    return BenchmarkResult(f"quality-{data.name}", ratio, TARGET, ratio >= TARGET, details)
