"""Learning to rank: LightGBM's LambdaMART over the features of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from models.ranking.lambdarank import settings


@dataclass
class TreeRanker:
    """Gradient-boosted trees that order each participant's candidates.

    Parameters
    ----------
    trees, leaves : int
        Number of trees, and leaves of each.
    learning_rate : float
    min_leaf : int
        Fewest pairs in a leaf.
    feature_share : float
        Share of the features each tree may use.
    objective : {"lambdarank", "rank_xendcg"}
    seeds : int
        Models whose mean is the score; more are steadier on little data, and slower.
    threads : int
        0 uses all cores.
    label_gain : tuple of float
        Gain of each grade.
    """

    trees: int = 200
    leaves: int = 31
    learning_rate: float = 0.05
    min_leaf: int = 50
    feature_share: float = 0.5
    l2: float = 1.0
    objective: str = "lambdarank"
    seeds: int = 1
    threads: int = 0
    label_gain: tuple[float, ...] = (0.0, 1.0)

    def fit(
        self,
        features: NDArray[np.float32],
        labels: NDArray[np.float32],
        groups: NDArray[np.int64],
        names: list[str],
    ) -> Self:
        """Learn to put the relevant pairs of each group first.

        Parameters
        ----------
        features : ndarray of float32, shape (R, F)
        labels : ndarray of float32, shape (R,)
            Relevance; rounded to whole grades by LightGBM.
        groups : ndarray of int64
            Pairs of each participant, in order; they sum to R.
        names : list of str
            Names of the features.
        """
        self.boosters_ = []
        data = lightgbm.Dataset(
            features, labels, group=groups, feature_name=names, free_raw_data=False
        )
        for seed in range(self.seeds):
            chosen = settings(
                leaves=self.leaves,
                learning_rate=self.learning_rate,
                min_leaf=self.min_leaf,
                l2=self.l2,
                seed=seed,
                threads=self.threads,
            )
            chosen |= {
                "objective": self.objective,
                "feature_fraction": self.feature_share,
                "label_gain": list(self.label_gain),
            }
            self.boosters_.append(lightgbm.train(chosen, data, self.trees))
        return self

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each pair, shape (R,); only its order within a participant means something."""
        scores = [booster.predict(features, num_threads=self.threads) for booster in self.boosters_]
        mean: NDArray[np.float32] = np.mean(scores, axis=0).astype(np.float32)
        return mean

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each score, shape (R, F): exact SHAP values of the trees."""
        moved = [booster.predict(features, pred_contrib=True) for booster in self.boosters_]
        mean: NDArray[np.float32] = np.mean(moved, axis=0)[:, :-1].astype(np.float32)
        return mean

    def save(self, folder: Path) -> None:
        """Write the trees as LightGBM's text, one file a seed."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, booster in enumerate(self.boosters_):
            booster.save_model(folder / f"trees-{number}.txt")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a saved ranker; it scores, and is not for fitting on."""
        files = sorted(folder.glob("trees-*.txt"))
        ranker = cls(seeds=len(files))
        ranker.boosters_ = [lightgbm.Booster(model_file=file) for file in files]
        return ranker
