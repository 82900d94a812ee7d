"""What a ranker learns from; made, with its labels, by `recommender.training.labels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Examples:
    """M pairs of a person and a candidate as they stood before a choice, and what came of them.

    Attributes
    ----------
    features : ndarray of float32, shape (M, F)
    gains : ndarray of float32, shape (M,)
        Worth of the best that followed.
    groups : ndarray of int64
        Pairs of each person, in order.
    finished : ndarray of int8, shape (M,)
        1 finished, 0 taken and not finished in time, -1 not taken or too early to tell.
    wanted : ndarray of int64, shape (len(groups),)
        How much each person then took, candidate or not; never 0.
    ideal : ndarray of float32, shape (len(groups),)
        The best DCG@10 that a list could have had.
    """

    features: NDArray[np.float32]
    gains: NDArray[np.float32]
    groups: NDArray[np.int64]
    finished: NDArray[np.int8]
    wanted: NDArray[np.int64]
    ideal: NDArray[np.float32]

    @property
    def has_gain(self) -> NDArray[np.bool_]:
        """Whose candidates hold anything that was then taken, shape (len(groups),)."""
        owner = np.repeat(np.arange(len(self.groups)), self.groups)
        return np.bincount(owner, self.gains, len(self.groups)) > 0

    def take(self, chosen: NDArray[np.bool_]) -> Examples:
        """Return the persons at ``chosen``, of shape (len(groups),)."""
        rows = np.repeat(chosen, self.groups)
        return Examples(
            self.features[rows],
            self.gains[rows],
            self.groups[chosen],
            self.finished[rows],
            self.wanted[chosen],
            self.ideal[chosen],
        )

    def thin(self, others: int, rng: np.random.Generator) -> Examples:
        """Return all pairs with a gain, and of each person so many others, drawn at random."""
        taken = self.gains > 0
        owner = np.repeat(np.arange(len(self.groups)), self.groups)
        order = np.lexsort((np.where(taken, -1.0, rng.random(len(owner))), owner))
        place = np.arange(len(owner)) - np.repeat(np.cumsum(self.groups) - self.groups, self.groups)
        size = np.bincount(owner, taken, len(self.groups)) + others
        kept = np.sort(order[place < size[owner]])
        groups = np.bincount(owner[kept], minlength=len(self.groups))
        return Examples(
            self.features[kept],
            self.gains[kept],
            groups,
            self.finished[kept],
            self.wanted,
            self.ideal,
        )


def join_examples(examples: Sequence[Examples]) -> Examples:
    """Return the examples of several blocks as one."""
    return Examples(
        *(
            np.concatenate([getattr(block, each.name) for block in examples])
            for each in fields(Examples)
        )
    )
