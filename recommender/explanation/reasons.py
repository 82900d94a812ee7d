"""Why trainings were recommended: reason codes with evidence, from the features that moved their scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.kernels.pairs import leading
from recommender.explanation.context import Explainer, Why
from recommender.explanation.evidence import BACKING, Backing, Voice
from recommender.ranking.features import FEATURES, PERSONAL

MOST_REASONS = 3
MOST_TOLD = 8  # features asked first; the others only where these give no reason
BACKED = [BACKING.get(name) for name in FEATURES]
# two features may have the same to say: the one that raised more says it
KINDS = np.array([BACKED.index(backing) for backing in BACKED], dtype=np.int32)


def why(explainer: Explainer, contributions: NDArray[np.float32]) -> list[list[Why]]:
    """Return up to three reasons for each pair, the strongest first.

    Only features that raised the score speak, and only where there is evidence to show; a training
    that none speaks for is at least permitted.

    Parameters
    ----------
    contributions : ndarray of float32, shape (M, F)
        How much each feature moved the score of each of the explainer's pairs.
    """
    batch = explainer.question.batch
    # trees may find that it moved a score to say nothing of a person
    hushed = batch.opted_out[explainer.rows, None] & PERSONAL
    raised = np.where(hushed, 0, contributions)
    speaks = np.zeros(raised.shape[::-1], dtype=np.uint8)
    says: dict[int, Callable[[int], Why]] = {}

    voices: dict[Backing, Voice] = {}
    for feature in np.flatnonzero((raised > 0).any(axis=0)).tolist():
        if (backing := BACKED[feature]) is None:
            continue
        if backing not in voices:
            voices[backing] = backing(explainer)
        speaks[feature], says[feature] = voices[backing]
    heard = leading(raised, KINDS, speaks, MOST_REASONS, MOST_TOLD).tolist()
    balances = batch.balance[explainer.rows].tolist()
    return [
        [says[feature](pair) for feature in features if feature >= 0]
        or [Why("permitted", {"balance": balances[pair]})]
        for pair, features in enumerate(heard)
    ]
