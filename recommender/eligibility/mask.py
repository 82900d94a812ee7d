"""Who may take what, as a mask; from the same checks as the exclusions, so that they cannot disagree."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from recommender.eligibility.calendar import find_last_entries, find_ready_days
from recommender.eligibility.checks import check_pairs, check_participants, iterate_blocks
from recommender.eligibility.exclusion_codes import PASSING, Exclusion
from recommender.eligibility.next_class import mark_entered_after
from recommender.eligibility.participant_rules import PAIR_RULES, PARTICIPANT_RULES
from recommender.eligibility.query import EligibilityQuery


def build_list_mask(query: EligibilityQuery) -> NDArray[np.bool_]:
    """Return what may be listed, shape (B, N): what one may take, now or after the training under way."""
    mask = build_mask(query, PASSING)
    ready = find_ready_days(query)
    waiting = np.flatnonzero(ready > query.today)
    if len(waiting):
        entered = mark_entered_after(query, waiting, ready[waiting])
        entered[:, ~query.catalogue.face_to_face] = True
        entered &= find_last_entries(query.availability) >= ready[waiting, None]
        mask[waiting] &= entered
    return mask


def build_mask(query: EligibilityQuery, passing: Collection[Exclusion] = ()) -> NDArray[np.bool_]:
    """Return the mask, shape (B, N): True where no check forbids; those that are ``passing`` do not count."""
    blocks = [block for _, block in iterate_mask(query, passing)]
    if len(blocks) == 1:
        return blocks[0]
    return np.concatenate([np.empty((0, len(query.catalogue)), dtype=bool), *blocks])


def iterate_mask(
    query: EligibilityQuery, passing: Collection[Exclusion] = ()
) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Yield the mask in blocks of rows: the rows, and their part (n, N)."""
    people = np.ones(len(query.batch), dtype=bool)
    for reason in PARTICIPANT_RULES:
        if reason in passing:
            continue
        if (found := check_participants(query, reason)) is not None:
            people &= ~found
    trainings = query.availability.closed == 0
    for rows in iterate_blocks(len(people), len(trainings)):
        block = people[rows, None] & trainings
        for reason in PAIR_RULES:
            if (found := check_pairs(query, reason, rows)) is not None:
                np.greater(block, found, out=block)  # block and not found, in one pass
        yield rows, block


def check_permitted(mask: NDArray[np.bool_], ids: NDArray[np.int32]) -> None:
    """Check on the way out that nothing forbidden is in the lists (B, k)."""
    rows = np.arange(len(ids))[:, None]
    if (~mask[rows, np.maximum(ids, 0)] & (ids >= 0)).any():
        raise AssertionError("a stage of the engine let a forbidden training through")
