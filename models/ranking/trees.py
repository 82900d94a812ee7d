"""Learning to rank: LightGBM's LambdaMART over the features of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from models.ranking.lambdarank import settings

FEW = 20_000  # pairs that one thread scores before several have begun
KEPT = 64  # candidates of each participant that all trees score
EARLY = 0.2  # share of the trees, the first ones, that choose them


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
        return self._sum_trees(features, 0, -1)

    def score_lists(
        self, features: NDArray[np.float32], real: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the score of each candidate of n participants, shape (n, C).

        The first trees score all and the others only the best ``KEPT`` of each participant; the rest stand below
        these, in the order of the first trees.

        Parameters
        ----------
        features : ndarray of float32, shape (n, C, F)
        real : ndarray of bool, shape (n, C)
            False in the padding.
        """
        shape = features.shape[:2]
        pairs = features.reshape(-1, features.shape[-1])
        if shape[1] <= 2 * KEPT:
            return self.score(pairs).reshape(shape)
        trees = self.boosters_[0].num_trees()
        first = round(EARLY * trees)
        early = self._sum_trees(pairs, 0, first).reshape(shape)
        lowest = np.where(real, early, np.float32(-np.inf))
        kept = np.argpartition(-lowest, KEPT, axis=1)[:, :KEPT]
        rows = (kept + np.arange(shape[0])[:, None] * shape[1]).ravel()
        late = self._sum_trees(pairs[rows], first, trees - first).reshape(kept.shape)
        whole = np.take_along_axis(early, kept, axis=1) + late
        least = whole.min(axis=1, keepdims=True)
        scores: NDArray[np.float32] = early - early.max(axis=1, keepdims=True) + least
        np.put_along_axis(scores, kept, whole, axis=1)
        return scores

    def _sum_trees(
        self, features: NDArray[np.float32], start: int, trees: int
    ) -> NDArray[np.float32]:
        """Return the mean over the boosters of the sum of some of their trees, (R,)."""
        threads = 1 if len(features) < FEW else self.threads
        scores = [
            booster.predict(
                features, start_iteration=start, num_iteration=trees, num_threads=threads
            )
            for booster in self.boosters_
        ]
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
