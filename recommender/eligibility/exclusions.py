"""Every reason why somebody may not take a training, of all people and trainings at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.eligibility.checks import check_pairs, check_participants, iterate_blocks
from recommender.eligibility.exclusion_codes import BIT, set_bits
from recommender.eligibility.participant_rules import PAIR_RULES, PARTICIPANT_RULES
from recommender.eligibility.query import EligibilityQuery


def find_participant_exclusions(query: EligibilityQuery) -> NDArray[np.uint64]:
    """Return the reasons why each person may take nothing, shape (B,): bits as of `find_exclusions`."""
    bits = np.zeros(len(query.batch), dtype=np.uint64)
    for reason in PARTICIPANT_RULES:
        if (found := check_participants(query, reason)) is not None:
            bits |= set_bits(found, reason)
    return bits


def find_exclusions(
    query: EligibilityQuery, rows: NDArray[np.integer] | None = None
) -> NDArray[np.uint64]:
    """Return every reason why not, shape (n, N): bit i stands for the i-th `Exclusion`; 0 where permitted.

    Parameters
    ----------
    rows : ndarray of int, shape (n,), optional
        Participants of the batch; all by default.
    """
    rows = np.arange(len(query.batch)) if rows is None else rows
    bits = find_participant_exclusions(query)[rows, None] | query.availability.closed
    for block in iterate_blocks(len(rows), len(query.catalogue)):
        for reason in PAIR_RULES:
            if (found := check_pairs(query, reason, rows[block])) is not None:
                bits[block] |= set_bits(found, reason)
    return bits


def count_exclusions(query: EligibilityQuery, rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many trainings each `Exclusion` keeps from some participants of the batch, shape (n, R)."""
    counts = np.tile(query.availability.closed_counts, (len(rows), 1))
    for reason in PARTICIPANT_RULES:
        if (found := check_participants(query, reason)) is not None:
            counts[:, BIT[reason]] = found[rows] * len(query.catalogue)
    for block in iterate_blocks(len(rows), len(query.catalogue)):
        for reason in PAIR_RULES:
            if (found := check_pairs(query, reason, rows[block])) is not None:
                counts[block, BIT[reason]] = found.sum(axis=1)
    return counts
