"""Settings of LightGBM that every ranker here learns with."""

from __future__ import annotations

from typing import Any


def settings(
    *, leaves: int, learning_rate: float, min_leaf: int, l2: float, seed: int, threads: int
) -> dict[str, Any]:
    """Return the parameters of `lightgbm.train` for LambdaMART, the same in every run of a seed.

    Parameters
    ----------
    min_leaf : int
        Fewest pairs in a leaf.
    threads : int
        0 uses all cores.
    """
    return {
        "objective": "lambdarank",
        "num_leaves": leaves,
        "learning_rate": learning_rate,
        "min_data_in_leaf": min_leaf,
        "min_sum_hessian_in_leaf": 1e-3,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": l2,
        "lambdarank_truncation_level": 20,
        "seed": seed,
        "deterministic": True,
        "num_threads": threads,
        "verbosity": -1,
    }
