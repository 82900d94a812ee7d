"""Peers' results kept on disk: a peer is tuned once for the same data, split, library and budget.

Two files for each under the reports of PADAN_HOME, with one name: the rankings (npz) and what the search found
(JSON). No pickle.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.task import Ids, RankingTask
from benchmarks.quality.tuning import Budget, Peer, draw_parameters
from training_data.home import padan_home


@dataclass(frozen=True)
class Entry:
    """One model on the test.

    Attributes
    ----------
    name : str
    warm, cold : ndarray of int32, shape (U, K)
        Ranked courses of the task's warm and cold participants.
    tuning : dict
        Parameters chosen, figure on validation, trials and seconds.
    seconds : float
        Fitting and ranking for the test.
    kept : bool
        Whether it was read from an earlier run.
    """

    name: str
    warm: Ids
    cold: Ids
    tuning: dict[str, Any]
    seconds: float
    kept: bool = False


def fingerprint(
    peer: Peer, tasks: tuple[RankingTask, ...], budget: Budget, k: int, seed: int
) -> str:
    """Return a digest of all that a peer's result depends on.

    That is the events of each task and their participants to serve, the peer's library and its
    version, NumPy's and SciPy's, the budget, and the very parameters that the search would try.
    """
    digest = hashlib.sha256()
    for task in tasks:
        past = task.past
        arrays = (past.users, past.items, past.at, task.warm, task.cold)
        target = (task.target.indptr, task.target.indices)
        for array in (*arrays, *target):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        digest.update(f"{past.n_users} {past.n_items}".encode())
    recipe = {
        "peer": peer.name,
        "versions": {name: version(name) for name in (peer.library, "numpy", "scipy")},
        "budget": asdict(budget),
        "parameters": draw_parameters(peer, budget.trials, seed),
        "k": k,
    }
    digest.update(json.dumps(recipe, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def read(bench: str, peer: Peer, key: str) -> Entry | None:
    """Return the kept result, or None where there is none."""
    path = _path(bench, peer, key)
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as lists:
        warm, cold = lists["warm"], lists["cold"]
    return Entry(peer.name, warm, cold, found["tuning"], found["seconds"], kept=True)


def write(bench: str, peer: Peer, key: str, entry: Entry) -> None:
    """Keep ``entry``; the JSON comes last, so that what is half written is not read."""
    path = _path(bench, peer, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path.with_suffix(".npz"), warm=entry.warm, cold=entry.cold)
    found = {"peer": peer.name, "tuning": entry.tuning, "seconds": entry.seconds}
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _path(bench: str, peer: Peer, key: str) -> Path:
    name = f"{bench}-{peer.name.lower().replace(' ', '-')}-{key}.json"
    return padan_home() / "reports" / "peers" / name
