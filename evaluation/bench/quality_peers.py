"""The libraries a data scientist would otherwise install, tuned and run on the same task.

implicit 0.7.3 and RecTools 0.19 are the optional extra ``[bench]``; nothing else in Padan imports them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from evaluation.bench.quality_task import Ids, Task
from models.candidates.ease import EASE
from models.candidates.histories import histories
from models.interactions import Interactions
from models.two_stage import BATCH, not_taken

Params = dict[str, Any]
Ranking = Callable[[Interactions, Ids, int, Params], Ids]


@dataclass(frozen=True)
class Peer:
    """A peer: how to draw its parameters and how to rank with them.

    Attributes
    ----------
    name : str
    draw : callable(generator) -> params
    rank : callable(past, users, k, params) -> ids of int32, shape (U, k)
        Without the courses a participant took in ``past``; -1 where the peer has no more to say.
    trial : callable like ``rank``, optional
        The same model by a faster way, for tuning; ``rank`` itself where None.
    """

    name: str
    draw: Callable[[np.random.Generator], Params]
    rank: Ranking
    trial: Ranking | None = None


@dataclass(frozen=True)
class Tuned:
    """The best parameters found, their figure on validation, how many trials and seconds it took."""

    params: Params
    figure: float
    trials: int
    seconds: float


def tune(
    peer: Peer,
    task: Task,
    figure: Callable[[Ids], float],
    *,
    trials: int,
    seconds: float,
    seed: int,
) -> Tuned:
    """Search at random for at most ``trials`` trials or ``seconds``, whichever ends first.

    Seconds are of processor time, so a busy machine takes nothing from a peer; the trial that
    passes the limit still counts.

    Parameters
    ----------
    figure : callable(ids of shape (len(task.warm), k)) -> float
        What to maximise on validation.
    """
    rng = np.random.default_rng(seed)
    began = time.process_time()
    best: tuple[float, Params] = (-1.0, {})
    tried: list[Params] = []
    rank = peer.trial or peer.rank
    for _ in range(trials):
        params = peer.draw(rng)
        if params in tried:
            continue
        tried.append(params)
        found = figure(rank(task.past, task.warm, 10, params))
        if found > best[0]:
            best = (found, params)
        if time.process_time() - began > seconds:
            break
    return Tuned(best[1], best[0], len(tried), time.process_time() - began)


def peers() -> list[Peer]:
    """Return the peers in the order they are reported."""
    return [
        Peer("RecTools popular", _draw_popular, _rank_popular),
        Peer("RecTools EASE", _draw_ease, _rank_ease, _rank_ease_by_cholesky),
        Peer("RecTools SASRec", _draw_sasrec, _rank_sasrec),
        Peer("implicit ALS", _draw_als, _rank_als),
        Peer("implicit BPR", _draw_bpr, _rank_bpr),
        Peer("implicit BM25", _draw_bm25, _rank_bm25),
        Peer("implicit cosine", _draw_cosine, _rank_cosine),
    ]


def chosen_peers(parts: list[str] | None) -> list[Peer]:
    """Return the peers whose name holds one of ``parts``, all where None.

    Raises
    ------
    ValueError
        If a part is in no name.
    ModuleNotFoundError
        If the peers' libraries are not installed.
    """
    for module in ("implicit", "rectools"):
        if find_spec(module) is None:
            raise ModuleNotFoundError(
                f"{module} is not installed; the peers are the optional extra: pip install 'padan[bench]'"
            )
    everybody = peers()
    for part in parts or []:
        if not any(part.lower() in peer.name.lower() for peer in everybody):
            names = ", ".join(peer.name for peer in everybody)
            raise ValueError(f"no peer is called {part!r}; there are {names}")
    chosen = [part.lower() for part in parts or [""]]
    return [peer for peer in everybody if any(part in peer.name.lower() for part in chosen)]


# --- implicit -------------------------------------------------------------------------------------


def _matrix(past: Interactions, counts: bool) -> sp.csr_matrix:
    """Participant x course, 1 or the number of events."""
    cells = (np.ones(len(past), dtype=np.float32), (past.users, past.items))
    matrix = sp.csr_matrix(cells, shape=(past.n_users, past.n_items), dtype=np.float32)
    if not counts:
        matrix.data[:] = 1
    return matrix


def _rank_implicit(model: Any, matrix: sp.csr_matrix, users: Ids, k: int) -> Ids:
    with warnings.catch_warnings():
        # implicit converts its own matrices and says so
        warnings.simplefilter("ignore")
        model.fit(matrix, show_progress=False)
    ids, scores = model.recommend(users, matrix[users], N=k, filter_already_liked_items=True)
    # implicit fills rows that run short with seen courses at the lowest score
    return np.where(scores > np.finfo(np.float32).min, ids, -1).astype(np.int32)


def _draw_als(rng: np.random.Generator) -> Params:
    return {
        "factors": int(rng.choice([16, 32, 64, 128, 192])),
        "regularization": float(10 ** rng.uniform(-3, 1.5)),
        "alpha": float(10 ** rng.uniform(-0.3, 1.6)),
        "iterations": int(rng.choice([10, 15, 25])),
        "counts": bool(rng.integers(2)),
    }


def _rank_als(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from implicit.als import AlternatingLeastSquares

    settings = {name: value for name, value in params.items() if name != "counts"}
    model = AlternatingLeastSquares(**settings, random_state=0)
    return _rank_implicit(model, _matrix(past, params["counts"]), users, k)


def _draw_bpr(rng: np.random.Generator) -> Params:
    return {
        "factors": int(rng.choice([16, 32, 64, 128])),
        "learning_rate": float(10 ** rng.uniform(-2.5, -0.7)),
        "regularization": float(10 ** rng.uniform(-4, -1)),
        "iterations": int(rng.choice([50, 100, 200])),
    }


def _rank_bpr(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from implicit.bpr import BayesianPersonalizedRanking

    # one thread: with more, the updates race and the seed no longer decides
    model = BayesianPersonalizedRanking(**params, random_state=0, num_threads=1)
    return _rank_implicit(model, _matrix(past, counts=False), users, k)


def _draw_bm25(rng: np.random.Generator) -> Params:
    return {
        "K": int(rng.choice([10, 20, 50, 100, 200, 400])),
        "K1": float(rng.choice([0.1, 0.3, 0.6, 1.2, 2.0, 5.0])),
        "B": float(rng.choice([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])),
        "counts": bool(rng.integers(2)),
    }


def _rank_bm25(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from implicit.nearest_neighbours import BM25Recommender

    model = BM25Recommender(K=params["K"], K1=params["K1"], B=params["B"])
    return _rank_implicit(model, _matrix(past, params["counts"]), users, k)


def _draw_cosine(rng: np.random.Generator) -> Params:
    return {
        "K": int(rng.choice([5, 10, 20, 50, 100, 150, 200, 300, 400, 600])),
        "counts": bool(rng.integers(2)),
    }


def _rank_cosine(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from implicit.nearest_neighbours import CosineRecommender

    return _rank_implicit(
        CosineRecommender(K=params["K"]), _matrix(past, params["counts"]), users, k
    )


# --- RecTools -------------------------------------------------------------------------------------


def _rectools_dataset(past: Interactions) -> Any:
    import pandas as pd
    from rectools.dataset import Dataset

    at = np.arange(len(past)) if past.at is None else past.at
    frame = pd.DataFrame(
        {
            "user_id": past.users,
            "item_id": past.items,
            "weight": np.ones(len(past)),
            "datetime": pd.to_datetime(at, unit="s" if np.ptp(at) < 4e9 else "ms"),
        }
    )
    return Dataset.construct(frame)


def _rank_rectools(model: Any, past: Interactions, users: Ids, k: int) -> Ids:
    dataset = _rectools_dataset(past)
    model.fit(dataset)
    table = model.recommend(users, dataset, k, filter_viewed=True, on_unsupported_targets="ignore")
    ids = np.full((len(users), k), -1, dtype=np.int32)
    row = np.full(past.n_users, -1)
    row[users] = np.arange(len(users))
    ids[row[table["user_id"].to_numpy()], table["rank"].to_numpy() - 1] = table[
        "item_id"
    ].to_numpy()
    return ids


def _draw_popular(rng: np.random.Generator) -> Params:
    return {
        "popularity": str(rng.choice(["n_users", "n_interactions"])),
        "period_share": float(rng.choice([0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0])),
    }


def _rank_popular(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    """Rank by popularity in the last part of the period; the same list for new participants."""
    from rectools.models import PopularModel

    share = params["period_share"]
    period = _rectools_dataset(past).get_raw_interactions()["datetime"]
    model = PopularModel(
        popularity=params["popularity"],
        period=None if share == 1 else (period.max() - period.min()) * share,
        add_cold=True,
    )
    known = np.bincount(past.users, minlength=past.n_users)[users] > 0
    ids = np.full((len(users), k), -1, dtype=np.int32)
    if known.any():
        ids[known] = _rank_rectools(model, past, users[known], k)
    if (~known).any():
        ids[~known] = _popular_unfiltered(model, past, k)
    return ids


def _popular_unfiltered(model: Any, past: Interactions, k: int) -> NDArray[np.int32]:
    dataset = _rectools_dataset(past)
    model.fit(dataset)
    table = model.recommend(past.users[:1], dataset, k, filter_viewed=False)
    ids = np.full(k, -1, dtype=np.int32)
    ids[table["rank"].to_numpy() - 1] = table["item_id"].to_numpy()
    return ids


def _draw_ease(rng: np.random.Generator) -> Params:
    return {"regularization": float(np.round(10 ** rng.uniform(0.5, 4), 1))}


def _rank_ease(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from rectools.models import EASEModel

    return _rank_rectools(EASEModel(**params), past, users, k)


def _rank_ease_by_cholesky(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    """Rank as RecTools does: a third of the work where the inverse's symmetry is used.

    RecTools 0.19 multiplies histories by the transposed weights; so does this.
    """
    model = EASE(l2=params["regularization"]).fit(past)
    model.weights_ = np.ascontiguousarray(model.weights_.T)
    parts = [np.empty((0, k), dtype=np.int32)]
    for start in range(0, len(users), BATCH):
        batch = histories(past, users[start : start + BATCH])
        parts.append(model.recommend(batch, k, not_taken(batch))[0])
    return np.concatenate(parts)


def _draw_sasrec(rng: np.random.Generator) -> Params:
    return {
        "n_blocks": int(rng.choice([1, 2])),
        "n_factors": int(rng.choice([32, 64, 128])),
        "dropout_rate": float(rng.choice([0.1, 0.2, 0.4])),
        "session_max_len": int(rng.choice([10, 20, 50])),
        "lr": float(rng.choice([0.001, 0.003])),
        "epochs": int(rng.choice([5, 10, 20])),
    }


def _rank_sasrec(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    import logging

    import torch
    from rectools.models import SASRecModel

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # softmax over the whole catalogue: RecTools' best loss, and up to 10,000 courses the fastest
        model = SASRecModel(**params, loss="softmax", n_heads=1, deterministic=True)
        return _rank_rectools(model, past, users, k)
