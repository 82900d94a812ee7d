"""Why trainings were recommended: reason codes with evidence, from the features that moved their scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.backing import BACKING
from recommender.explainer import Explainer, Why
from recommender.features import FEATURES, PERSONAL

MOST_REASONS = 3
MOST_TOLD = 8  # features asked first; the others only where these give no reason


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
    order = np.argsort(-raised, axis=1, kind="stable")
    order = np.where(np.take_along_axis(raised, order, axis=1) > 0, order, -1)
    found: list[dict[str, Why]] = [{} for _ in explainer.rows]
    _add(explainer, found, np.arange(len(found)), order[:, :MOST_TOLD])
    silent = np.flatnonzero([not whys for whys in found])
    if len(silent):
        _add(explainer, found, silent, order[silent, MOST_TOLD:])
    balances = batch.balance[explainer.rows].tolist()
    return [
        list(whys.values())[:MOST_REASONS] or [Why("permitted", {"balance": balance})]
        for whys, balance in zip(found, balances, strict=True)
    ]


def _add(
    explainer: Explainer,
    found: list[dict[str, Why]],
    at: NDArray[np.intp],
    features: NDArray[np.int64],
) -> None:
    """Add what features (n, W), the strongest first, say of the pairs ``at``, once for each code."""
    width = features.shape[1]
    places = np.argsort(features, axis=None, kind="stable")
    ends = np.searchsorted(features.ravel()[places], np.arange(len(FEATURES) + 1))
    said: list[Why | None] = [None] * len(places)
    for name, first, end in zip(FEATURES, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if name in BACKING and first < end:
            cells = places[first:end]
            whys = BACKING[name](explainer, at[cells // width])
            for cell, reason in zip(cells.tolist(), whys, strict=True):
                said[cell] = reason
    for number, pair in enumerate(at.tolist()):
        for reason in said[number * width : (number + 1) * width]:
            if reason is not None:
                found[pair].setdefault(reason.code, reason)  # two features may speak for the same
