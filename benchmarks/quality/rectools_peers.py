"""Peers from RecTools 0.19: popularity, EASE and SASRec."""

from __future__ import annotations

import warnings
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.plain_peers import rank_in_batches
from benchmarks.quality.task import Ids
from benchmarks.quality.tuning import Params, Peer
from models.candidates.ease import EASE
from models.candidates.interactions import Interactions

_SHARES: Final = [0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
_FIRST_SASREC: Final[Params] = {
    "n_blocks": 1,
    "n_factors": 256,
    "dropout_rate": 0.5,
    "session_max_len": 50,
    "lr": 0.001,
    "epochs": 14,
}
_MAX_SECONDS: Final = 1_200  # of one trial: ten times the usual budget of all


def rectools_peers() -> list[Peer]:
    """Return the peers; SASRec is first tried as it did best on COCO when tuned with care.

    SASRec's loss is RecTools' default, the softmax over all courses: on a processor it was five times as fast as
    sampled negatives.
    """
    return [
        Peer(
            "RecTools popular",
            "RecTools",
            {"popularity": "n_users", "period_share": 1.0},
            _draw_popular,
            _rank_popular,
            serves_newcomers=True,
        ),
        Peer(
            "RecTools EASE",
            "RecTools",
            {"regularization": 500.0},
            _draw_ease,
            _rank_ease,
            _rank_ease_by_cholesky,
        ),
        Peer("RecTools SASRec", "RecTools", _FIRST_SASREC, _draw_sasrec, _rank_sasrec),
    ]


def _rectools_dataset(past: Interactions) -> Any:
    import pandas as pd
    from rectools.dataset import Dataset

    at = np.arange(len(past)) if past.at is None else past.at
    # only order and shares of the period matter, and the unit is unknown: any clock becomes thirty years
    since = (at - at.min()).astype(np.float64) / max(float(np.ptp(at)), 1.0)
    frame = pd.DataFrame(
        {
            "user_id": past.users,
            "item_id": past.items,
            "weight": np.ones(len(past)),
            "datetime": pd.to_datetime((since * 1e18).astype(np.int64)),
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
        "period_share": float(rng.choice(_SHARES)),
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
    return rank_in_batches(model, past, users, k)


def _draw_sasrec(rng: np.random.Generator) -> Params:
    return {
        "n_blocks": int(rng.choice([1, 2])),
        "n_factors": int(rng.choice([64, 128, 256])),
        "dropout_rate": float(rng.choice([0.2, 0.3, 0.5])),
        "session_max_len": int(rng.choice([10, 20, 50])),
        "lr": float(rng.choice([0.001, 0.003])),
        "epochs": int(rng.choice([10, 14, 20, 30])),
    }


def _rank_sasrec(past: Interactions, users: Ids, k: int, params: Params) -> Ids:
    import logging

    import torch
    from pytorch_lightning import Trainer
    from rectools.models import SASRecModel

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.manual_seed(0)

    def build_trainer() -> Trainer:
        return Trainer(
            max_epochs=params["epochs"],
            max_time={"seconds": _MAX_SECONDS},
            deterministic=True,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            devices=1,
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SASRecModel(**params, n_heads=1, get_trainer_func=build_trainer)
        return _rank_rectools(model, past, users, k)
