"""The checks of an eligibility query, each made once, or block by block where the pairs are many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recommender.eligibility.exclusion_codes import Exclusion
from recommender.eligibility.participant_rules import PAIR_RULES, PARTICIPANT_RULES
from recommender.eligibility.query import EligibilityQuery
from training_data.arrays import Rows

CELLS = 2_000_000  # pairs of a block: its intermediate results stay in a core's cache


def check_participants(query: EligibilityQuery, reason: Exclusion) -> NDArray[np.bool_] | None:
    """Return whom a reason keeps from all, (B,); None where it keeps nobody."""
    if reason not in query.violations:
        query.violations[reason] = PARTICIPANT_RULES[reason](query)
    return query.violations[reason]


def check_pairs(query: EligibilityQuery, reason: Exclusion, rows: Rows) -> NDArray[np.bool_] | None:
    """Return where a reason forbids, (n, N), for some rows of the batch; None where it does nowhere."""
    if query.cells > CELLS:
        return PAIR_RULES[reason](query, rows)
    if reason not in query.violations:
        query.violations[reason] = PAIR_RULES[reason](query, slice(None))
    found = query.violations[reason]
    return None if found is None else found[rows]


def iterate_blocks(people: int, trainings: int) -> Iterator[slice]:
    size = max(1, CELLS // max(trainings, 1))
    return (slice(first, first + size) for first in range(0, people, size))
