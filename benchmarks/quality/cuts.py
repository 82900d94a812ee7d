"""The mean over several cuts in time: what a set of few test participants can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.quality.data import QualityData, split_tasks
from benchmarks.quality.figures import OURS, K, mean_ndcg
from benchmarks.quality.served import rank_as_served
from benchmarks.quality.tuning import Params, Peer
from evaluation.splits import global_time_split
from models.text.encoder import TextEncoder

STEP: Final = 0.05  # of all events, by which each cut is earlier than the one before


def take_until(data: QualityData, share: float) -> QualityData:
    """Return the first ``share`` of the events, split anew at two moments."""
    at = np.arange(len(data.events)) if data.events.at is None else data.events.at
    order = np.argsort(at, kind="stable")
    kept = np.sort(order[: int(share * len(order))])
    events = data.events.take(kept)
    split = global_time_split(events, order="file" if events.at is None else "time")
    return replace(data, events=events, split=split)


def measure_cuts(
    data: QualityData,
    encoder: TextEncoder,
    peers: Sequence[tuple[Peer, Params]],
    latest: dict[str, float],
    cuts: int,
    home: Path,
) -> dict[str, Any]:
    """Return the mean NDCG@10 of warm participants over several cuts, the latest included.

    Parameters
    ----------
    peers : sequence of (Peer, dict)
        With the parameters that the latest cut's validation chose; ours learns and chooses anew in each.
    latest : dict of str to float
        NDCG@10 of each model on the latest cut.
    """
    found = {name: [latest[name]] for name in (OURS, *(peer.name for peer, _ in peers))}
    sizes: list[int] = []
    for cut in range(1, cuts):
        part = take_until(data, 1 - STEP * cut)
        _, test = split_tasks(part)
        sizes.append(len(test.warm))
        found[OURS].append(
            mean_ndcg(test, test.warm, rank_as_served(part, test, encoder, home, K).entry.warm)
        )
        for peer, params in peers:
            lists = peer.rank(test.past, test.warm, K, params)
            found[peer.name].append(mean_ndcg(test, test.warm, lists))
    means = {name: float(np.mean(values)) for name, values in found.items()}
    best = max((peer.name for peer, _ in peers), key=lambda name: means[name])
    return {
        "cuts": cuts,
        "warm_participants": sizes,
        "ndcg@10": found,
        "means": means,
        "best_peer": best,
        "ratio": means[OURS] / max(means[best], 1e-12),
    }
