"""Why trainings were recommended: reason codes with evidence, from the features that moved their scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.kernels.pairs import leading
from recommender.explanation.context import ExplanationContext, Reason
from recommender.explanation.evidence import GENERATORS, PairReasons, ReasonGenerator
from recommender.ranking.features import FEATURES, PERSONAL

MAX_REASONS = 3
MAX_FEATURES_ASKED = 8  # features asked first; the others only where these give no reason
GENERATOR_OF = [GENERATORS.get(name) for name in FEATURES]
# two features may share a generator: the one that raised more speaks
KINDS = np.array([GENERATOR_OF.index(generator) for generator in GENERATOR_OF], dtype=np.int32)


def explain(context: ExplanationContext, contributions: NDArray[np.float32]) -> list[list[Reason]]:
    """Return up to three reasons for each pair, the strongest first.

    Only features that raised the score give reasons, and only where there is evidence to show; a training
    for which none does is at least permitted.

    Parameters
    ----------
    contributions : ndarray of float32, shape (M, F)
        How much each feature moved the score of each of the context's pairs.
    """
    batch = context.query.batch
    # trees may find that it moved a score to know nothing of a person
    silent = batch.opted_out[context.rows, None] & PERSONAL
    raised = np.where(silent, 0, contributions)
    has_evidence = np.zeros(raised.shape[::-1], dtype=np.uint8)
    make_reason: dict[int, Callable[[int], Reason]] = {}

    generated: dict[ReasonGenerator, PairReasons] = {}
    for feature in np.flatnonzero((raised > 0).any(axis=0)).tolist():
        if (generator := GENERATOR_OF[feature]) is None:
            continue
        if generator not in generated:
            generated[generator] = generator(context)
        has_evidence[feature], make_reason[feature] = generated[generator]
    chosen = leading(raised, KINDS, has_evidence, MAX_REASONS, MAX_FEATURES_ASKED).tolist()
    balances = batch.balance[context.rows].tolist()
    return [
        [make_reason[feature](pair) for feature in features if feature >= 0]
        or [Reason("permitted", {"balance": balances[pair]})]
        for pair, features in enumerate(chosen)
    ]
