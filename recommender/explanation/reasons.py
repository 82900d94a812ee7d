"""Why trainings were recommended: reason codes with evidence, from the features that moved their scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels.pairs import leading
from recommender.explanation.context import (
    ExplanationContext,
    PairReasons,
    Reason,
    ReasonGenerator,
)
from recommender.explanation.evidence import GENERATORS, OWN
from recommender.explanation.quotes import shorten
from recommender.ranking.features import FEATURES, PERSONAL
from recommender.retrieval.sources import Source

MAX_REASONS = 3
LEAST = 0.05  # of the largest rise of a pair: less is no reason
GENERATOR_OF = [GENERATORS.get(name) for name in FEATURES]
# features that say alike: of those with one generator, and of popularity here or in a group, the strongest speaks
KINDS = np.array([GENERATOR_OF.index(generator) for generator in GENERATOR_OF], dtype=np.int32)
KINDS[FEATURES.index(Source.GROUP_POPULARITY)] = KINDS[FEATURES.index(Source.REGIONAL_POPULARITY)]
IS_OWN = np.array([name in OWN for name in FEATURES])


def explain(
    context: ExplanationContext, moved: NDArray[np.float32], rise: NDArray[np.float32]
) -> list[list[Reason]]:
    """Return up to three reasons for each pair, what speaks of the person first and then the strongest.

    A feature gives a reason where it raised the score above that of the person's other candidates, and only where
    there is evidence to show. Where none that speaks of the person did, the one that moved the score most of those
    with evidence speaks: what all candidates have in common is still true of each. There may be none at all.

    Parameters
    ----------
    moved : ndarray of float32, shape (M, F)
        How much each feature moved the score of each of the context's pairs.
    rise : ndarray of float32, shape (M, F)
        How much more than of the person's other candidates.
    """
    # trees may find that it moved a score to know nothing of a person
    silent = context.query.batch.opted_out[context.rows, None] & PERSONAL
    generated = {generator: generator(context) for generator in dict.fromkeys(GENERATORS.values())}
    has_evidence = _has_evidence(generated, len(context.rows)) & ~silent
    least = LEAST * rise.max(axis=1, keepdims=True, initial=0)
    weight = np.where(has_evidence & (rise > least), rise, 0)
    weight = _order_own_first(weight, moved, has_evidence & IS_OWN)
    speaks = np.ascontiguousarray(has_evidence.T, dtype=np.uint8)
    chosen = leading(weight, KINDS, speaks, MAX_REASONS, len(FEATURES))
    makers = [
        None if generator is None else generated[generator].make for generator in GENERATOR_OF
    ]
    return [
        drop_repeated(
            [make(pair) for feature in features if feature >= 0 and (make := makers[feature])]
        )
        for pair, features in enumerate(chosen.tolist())
    ]


def drop_repeated(reasons: list[Reason]) -> list[Reason]:
    """Name no skills as taught that reasons before have named; of a quote, the quote alone stays.

    What continues a training is taken after it.
    """
    kept: list[Reason] = []
    told: set[str] = set()
    continued = [one.evidence["course"] for one in reasons if one.code == "builds_on"]
    for reason in reasons:
        if reason.code == "next_course" and reason.evidence["course"] in continued:
            continue
        taught = _list_taught(reason)
        if not taught or taught - told:
            kept.append(reason)
        elif reason.code == "teaches_phrase":
            kept.append(shorten(reason))
        told |= taught
    return kept


def _list_taught(reason: Reason) -> frozenset[str]:
    """Return the skills that a reason says are taught."""
    if reason.code == "teaches_phrase":
        return frozenset({reason.evidence["skill"]})
    return frozenset(reason.evidence.get("skills", ()))


def speak_of_person(context: ExplanationContext) -> NDArray[np.bool_]:
    """Return for which pairs (M,) there is a reason from the person's own words, goal, skills or history."""
    generators = dict.fromkeys(OWN.values())
    found = [generator(context).has_evidence for generator in generators]
    willing = ~context.query.batch.opted_out[context.rows]
    return np.asarray(np.any(found, axis=0) & willing)


def _has_evidence(generated: dict[ReasonGenerator, PairReasons], pairs: int) -> NDArray[np.bool_]:
    found = np.zeros((pairs, len(FEATURES)), dtype=bool)
    for feature, generator in enumerate(GENERATOR_OF):
        if generator is not None:
            found[:, feature] = generated[generator].has_evidence
    return found


def _order_own_first(
    weight: NDArray[np.float32], moved: NDArray[np.float32], own: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return weights that put what speaks of the person before all else, and something of it wherever it can.

    Parameters
    ----------
    own : ndarray of bool, shape (M, F)
        Where a feature has evidence that speaks of the person.
    """
    first = 1 + weight.max(initial=0)
    ordered: NDArray[np.float32] = weight + first * (own & (weight > 0))
    lacking = np.flatnonzero(own.any(axis=1) & ~(own & (weight > 0)).any(axis=1))
    most = np.where(own, moved, -np.inf)[lacking].argmax(axis=1)
    ordered[lacking, most] = first
    return ordered
