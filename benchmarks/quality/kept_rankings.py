"""Rankings of models that were tuned elsewhere, on an accelerator say, on the very same task."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.quality.peer_results import Entry
from benchmarks.quality.task import RankingTask


def find_kept(name: str | None, data: Path | None) -> list[Path]:
    """Return the kept rankings of a public set: the files ``peers/MODEL-NAME.npz`` beside the sets' folder."""
    if name is None or data is None:
        return []
    return sorted((data.resolve().parent / "peers").glob(f"*-{name}.npz"))


def read_kept(path: Path, task: RankingTask, k: int) -> Entry:
    """Return the rankings of a file as an entrant.

    Parameters
    ----------
    path : Path
        ``ids``, shape (U, at least k): courses by their number in the benchmark's table, the best first, a row for
        each of ``task.warm``; -1 where there is no more to say.

    Raises
    ------
    ValueError
        If it holds other participants or courses than the task.
    """
    with np.load(path, allow_pickle=False) as file:
        ids = file["ids"].astype(np.int32)
    if ids.ndim != 2 or len(ids) != len(task.warm) or ids.shape[1] < k:
        raise ValueError(
            f"{path}: rankings of shape {ids.shape}; the task has {len(task.warm)} participants, {k} places"
        )
    if ids.min() < -1 or ids.max() >= task.past.n_items:
        raise ValueError(f"{path}: courses that are not among the task's {task.past.n_items}")
    model = path.stem.partition("-")[0]
    cold = np.full((len(task.cold), k), -1, dtype=np.int32)
    tuning = {"params": {}, "figure": 0.0, "trials": 0, "seconds": 0.0}
    return Entry(f"{model} (kept)", ids[:, :k], cold, tuning, 0.0, kept=True)
