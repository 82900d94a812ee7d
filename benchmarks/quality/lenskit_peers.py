"""Peers from LensKit 2025: nearest neighbours of items, and matrix factorisation for implicit feedback."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from benchmarks.quality.task import Ids
from benchmarks.quality.tuning import Params, Peer
from models.candidates.interactions import Interactions

# the library's defaults
_FIRST_KNN: Final[Params] = {"max_nbrs": 20}
_FIRST_MF: Final[Params] = {
    "embedding_size": 50,
    "epochs": 10,
    "regularization": 0.1,
    "weight": 40.0,
}


def lenskit_peers() -> list[Peer]:
    """Return the peers."""
    return [
        Peer("LensKit ItemKNN", "lenskit", _FIRST_KNN, _draw_knn, _rank_knn),
        Peer("LensKit ImplicitMF", "lenskit", _FIRST_MF, _draw_mf, _rank_mf),
    ]


def _draw_knn(rng: np.random.Generator) -> Params:
    return {
        "max_nbrs": int(rng.choice([5, 10, 20, 50, 100, 200])),
        "min_nbrs": int(rng.choice([1, 2])),
        "save_nbrs": int(rng.choice([50, 200, 1000])),
    }


def _rank_knn(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from lenskit.knn import ItemKNNScorer

    return _rank(ItemKNNScorer(feedback="implicit", **params), past, users, k)


def _draw_mf(rng: np.random.Generator) -> Params:
    return {
        "embedding_size": int(rng.choice([16, 32, 64, 128])),
        "epochs": int(rng.choice([10, 15, 25])),
        "regularization": float(10 ** rng.uniform(-2, 1.5)),
        "weight": float(10 ** rng.uniform(0, 2)),
    }


def _rank_mf(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    from lenskit.als import ImplicitMFScorer

    return _rank(ImplicitMFScorer(**params), past, users, k)


def _rank(scorer: Any, past: Interactions, users: Ids, k: int) -> Ids:
    import pandas as pd
    from lenskit.batch import recommend
    from lenskit.data import from_interactions_df
    from lenskit.pipeline import topn_pipeline
    from lenskit.training import TrainingOptions

    pairs = np.unique(np.column_stack([past.users, past.items]), axis=0)
    pipeline = topn_pipeline(scorer)
    table = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    pipeline.train(from_interactions_df(table), TrainingOptions(rng=0))
    # one process: work in others would escape the budget of processor seconds
    lists = recommend(pipeline, users.tolist(), n=k, n_jobs=1)
    ids = np.full((len(users), k), -1, dtype=np.int32)
    for row, user in enumerate(users.tolist()):
        found = lists.lookup(user_id=user).ids()
        ids[row, : len(found)] = found
    return ids
