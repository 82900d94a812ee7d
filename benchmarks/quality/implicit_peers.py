"""Peers from implicit 0.7.3: ALS, BPR, and the nearest neighbours of items by BM25 and cosine."""

from __future__ import annotations

import warnings
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from benchmarks.quality.task import Ids
from benchmarks.quality.tuning import Params, Peer
from models.candidates.interactions import Interactions

# the library's defaults
_FIRST_ALS: Final[Params] = {
    "factors": 100,
    "regularization": 0.01,
    "alpha": 1.0,
    "iterations": 15,
    "counts": False,
}
_FIRST_BPR: Final[Params] = {
    "factors": 100,
    "learning_rate": 0.01,
    "regularization": 0.01,
    "iterations": 100,
}
_FIRST_BM25: Final[Params] = {"K": 20, "K1": 1.2, "B": 0.75, "counts": False}
_FIRST_COSINE: Final[Params] = {"K": 20, "counts": False}


def implicit_peers() -> list[Peer]:
    """Return the peers."""
    return [
        Peer("implicit ALS", "implicit", _FIRST_ALS, _draw_als, _rank_als),
        Peer("implicit BPR", "implicit", _FIRST_BPR, _draw_bpr, _rank_bpr),
        Peer("implicit BM25", "implicit", _FIRST_BM25, _draw_bm25, _rank_bm25),
        Peer("implicit cosine", "implicit", _FIRST_COSINE, _draw_cosine, _rank_cosine),
    ]


def _matrix(past: Interactions, counts: bool) -> sp.csr_matrix:
    """Participant x course, 1 or the number of events."""
    cells = (np.ones(len(past), dtype=np.float32), (past.users, past.items))
    matrix = sp.csr_matrix(cells, shape=(past.n_users, past.n_items), dtype=np.float32)
    if not counts:
        matrix.data[:] = 1
    return matrix


def _rank_implicit(model: Any, matrix: sp.csr_matrix, users: Ids, k: int) -> Ids:
    # implicit asks for one thread of BLAS: its own threads would wait for each other
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        # implicit converts its own matrices and says so
        warnings.simplefilter("ignore")
        model.fit(matrix, show_progress=False)
    ids, scores = model.recommend(users, matrix[users], N=k, filter_already_liked_items=True)
    # implicit fills rows that run short: with seen courses, at the lowest score or at 0
    row = np.arange(len(users))[:, None]
    seen = np.asarray(matrix[users][row, np.maximum(ids, 0)].todense()) > 0
    return np.where(seen | (scores <= np.finfo(np.float32).min), -1, ids).astype(np.int32)


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
        "K": int(rng.choice([5, 10, 20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500, 600, 800])),
        "counts": bool(rng.integers(2)),
    }


def _rank_cosine(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from implicit.nearest_neighbours import CosineRecommender

    return _rank_implicit(
        CosineRecommender(K=params["K"]), _matrix(past, params["counts"]), users, k
    )
