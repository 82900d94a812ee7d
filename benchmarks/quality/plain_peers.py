"""Peers that need no library: popularity of the last days, and EASE by its formula.

RecTools 0.19 multiplies histories by EASE's weights transposed; the formula as published ranks better.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from benchmarks.quality.task import Ids
from benchmarks.quality.tuning import Params, Peer
from models.candidates.base import CandidateModel
from models.candidates.ease import EASE
from models.candidates.histories import histories
from models.candidates.interactions import Interactions
from models.candidates.popularity import Popularity

DAYS: Final = (1, 7, 30)
SECONDS_A_DAY: Final = 86_400
BATCH: Final = 256


def plain_peers() -> list[Peer]:
    """Return the peers."""
    popular = [
        Peer(
            f"popular, {days} day{'s' * (days > 1)}",
            "numpy",
            {"days": days},
            partial(_keep, {"days": days}),
            _rank_popular,
            serves_newcomers=True,
        )
        for days in DAYS
    ]
    return [*popular, Peer("EASE", "numpy", {"l2": 500.0}, _draw_ease, _rank_ease)]


def _keep(params: Params, _: np.random.Generator) -> Params:
    return params


def _rank_popular(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    """Rank by what was taken most in the last days; all of the past where it has no clock or is shorter."""
    recent = past
    if past.at is not None:
        recent = past.take(past.at > past.at.max() - params["days"] * SECONDS_A_DAY)
    return rank_in_batches(Popularity().fit(recent), past, users, k)


def _draw_ease(rng: np.random.Generator) -> Params:
    return {"l2": float(np.round(10 ** rng.uniform(0.5, 4), 1))}


def _rank_ease(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    return rank_in_batches(EASE(l2=params["l2"]).fit(past), past, users, k)


def rank_in_batches(model: CandidateModel, past: Interactions, users: Ids, k: int) -> Ids:
    """Return the best k courses of a fitted model that each participant did not take in the past."""
    parts = [np.empty((0, k), dtype=np.int32)]
    for start in range(0, len(users), BATCH):
        batch = histories(past, users[start : start + BATCH])
        parts.append(model.recommend(batch, k, batch.not_taken())[0])
    return np.concatenate(parts)
