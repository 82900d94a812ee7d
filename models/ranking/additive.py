"""Learning to rank with one curve for each feature: as quick as a table, and its own explanation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.ranking.lambdarank import settings
from models.ranking.step_curves import StepCurve, StepCurves

_FILE = "curves.safetensors"


@dataclass
class AdditiveRanker:
    """Gradient-boosted trees of which each asks for one feature alone, summed into one step curve a feature.

    The score is the sum of the curves, so what a feature adds is exact (it is also its SHAP value), and
    scoring needs one look-up a feature instead of a walk through every tree. Lou, Caruana and Gehrke,
    "Intelligible models for classification and regression" (2012); learnt as LambdaMART.

    Parameters
    ----------
    trees, leaves : int
        Number of trees, and leaves of each.
    learning_rate : float
    min_leaf : int
        Fewest pairs in a leaf.
    l2 : float
    seed : int
    threads : int
        0 uses all cores.

    Attributes
    ----------
    curves_ : StepCurves
        One a feature; its mean over the pairs that were learnt from is 0.
    """

    trees: int = 300
    leaves: int = 8
    learning_rate: float = 0.05
    min_leaf: int = 50
    l2: float = 1.0
    seed: int = 0
    threads: int = 0

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
            Gain of each pair in the NDCG that is raised; few different values, none negative.
        groups : ndarray of int64
            Pairs of each participant, in order; they sum to R.
        names : list of str
            Names of the features.
        """
        gains, grades = np.unique(np.append(labels, 0), return_inverse=True)
        chosen = settings(
            leaves=self.leaves,
            learning_rate=self.learning_rate,
            min_leaf=self.min_leaf,
            l2=self.l2,
            seed=self.seed,
            threads=self.threads,
        )
        chosen |= {
            "label_gain": gains.tolist(),
            "interaction_constraints": [[feature] for feature in range(features.shape[1])],
        }
        data = lightgbm.Dataset(features, grades[:-1], group=groups, feature_name=names)
        booster = lightgbm.train(chosen, data, self.trees)
        self.curves_ = StepCurves(
            _curve(booster, feature, steps).centre(features[:, feature])
            for feature, steps in enumerate(_steps(booster, features.shape[1]))
        )
        return self

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each pair, shape (R,); only its order within a participant means something.

        Of more columns than it learnt from, the first count.
        """
        return self.curves_.total(features[:, : len(self.curves_.curves)])

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much each feature moved each score, shape (R, F)."""
        return self.curves_.each(features[:, : len(self.curves_.curves)])

    def save(self, folder: Path) -> None:
        """Write the curves as safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        curves: dict[str, NDArray[np.float32]] = {}
        for feature, curve in enumerate(self.curves_.curves):
            curves |= {f"{feature}.steps": curve.steps, f"{feature}.heights": curve.heights}
        save_file(curves, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a saved ranker."""
        curves = load_file(folder / _FILE)
        ranker = cls()
        features = range(len(curves) // 2)
        ranker.curves_ = StepCurves(
            StepCurve(curves[f"{feature}.steps"], curves[f"{feature}.heights"])
            for feature in features
        )
        return ranker


def _steps(booster: lightgbm.Booster, n_features: int) -> list[NDArray[np.float32]]:
    """Return the thresholds of each feature, as the largest float32 that is not above each."""
    found: list[set[float]] = [set() for _ in range(n_features)]
    for tree in booster.dump_model()["tree_info"]:
        for feature, threshold in _splits(tree["tree_structure"]):
            found[feature].add(threshold)
    steps = []
    for thresholds in found:
        exact = np.array(sorted(thresholds), dtype=np.float64)
        near = exact.astype(np.float32)
        below = np.nextafter(near, np.float32(-np.inf))
        steps.append(np.unique(np.where(near > exact, below, near)))
    return steps


def _splits(node: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    if "split_feature" in node:
        yield node["split_feature"], node["threshold"]
        yield from _splits(node["left_child"])
        yield from _splits(node["right_child"])


def _curve(booster: lightgbm.Booster, feature: int, steps: NDArray[np.float32]) -> StepCurve:
    """Return what the trees say before, between and after the steps of a feature, all others at 0."""
    points = np.zeros((len(steps) + 1, booster.num_feature()))
    if len(steps):
        points[:-1, feature] = steps
        points[-1, feature] = np.nextafter(steps[-1], np.float32(np.inf))
    return StepCurve(steps, booster.predict(points).astype(np.float32))
