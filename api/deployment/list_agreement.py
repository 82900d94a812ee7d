"""How far two lists of trainings agree."""

from __future__ import annotations

from collections.abc import Sequence

PERSISTENCE = 0.9  # about 86% of the weight is on the first ten places


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Return which share of the longer list is in both; 1 for two empty lists."""
    longer = max(len(one), len(other))
    return len(set(one) & set(other)) / longer if longer else 1.0


def rank_biased_overlap(
    one: Sequence[str], other: Sequence[str], persistence: float = PERSISTENCE
) -> float:
    """Return the extrapolated rank-biased overlap: 1 for equal lists, 0 for disjoint ones.

    A shorter list counts as disagreeing beyond its end.

    Parameters
    ----------
    persistence : float
        Chance that a reader goes on from one place to the next; the lower, the more the top counts.

    References
    ----------
    Webber, Moffat, Zobel (2010): A similarity measure for indefinite rankings. ACM TOIS 28 (4), eq. 30.
    """
    depth = max(len(one), len(other))
    if not depth:
        return 1.0
    agreed = [overlap_at(one, other, d) for d in range(1, depth + 1)]
    weighted = sum(share * persistence**d for d, share in enumerate(agreed, start=1))
    return agreed[-1] * persistence**depth + (1 - persistence) / persistence * weighted


def overlap_at(one: Sequence[str], other: Sequence[str], depth: int) -> float:
    """Return which share of the first ``depth`` places holds trainings that are in both there."""
    return len(set(one[:depth]) & set(other[:depth])) / depth
