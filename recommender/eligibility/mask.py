"""Who may take what: a mask, and every reason why not.

Both are made from the same checks, so they cannot disagree, and block by block, so that no more than a
block of intermediate results is in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from recommender.eligibility.calendar import find_last_entries, find_ready_days
from recommender.eligibility.exclusion_codes import BIT, PASSING, Exclusion, set_bits
from recommender.eligibility.next_class import find_classes_after
from recommender.eligibility.participant_rules import PAIR_RULES, PARTICIPANT_RULES
from recommender.eligibility.query import EligibilityQuery
from training_data.arrays import Rows

CELLS = 2_000_000  # pairs of a block: its intermediate results stay in a core's cache


def find_participant_exclusions(query: EligibilityQuery) -> NDArray[np.uint64]:
    """Return the reasons why each person may take nothing, shape (B,): bits as of `find_exclusions`."""
    bits = np.zeros(len(query.batch), dtype=np.uint64)
    for reason in PARTICIPANT_RULES:
        if (found := _check_participants(query, reason)) is not None:
            bits |= set_bits(found, reason)
    return bits


def build_list_mask(query: EligibilityQuery) -> NDArray[np.bool_]:
    """Return what may be listed, shape (B, N): what one may take, now or after the training under way."""
    mask = build_mask(query, PASSING)
    ready = find_ready_days(query)
    waiting = np.flatnonzero(ready > query.today)
    if len(waiting):
        mask[waiting] &= find_last_entries(query.availability) >= ready[waiting, None]
        people, courses = np.nonzero(mask[waiting] & query.catalogue.face_to_face)
        rows = waiting[people]
        entered = find_classes_after(query, rows, courses.astype(np.int32), ready[rows])
        mask[rows, courses] = entered >= 0
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
        if (found := _check_participants(query, reason)) is not None:
            people &= ~found
    trainings = query.availability.closed == 0
    for rows in _iterate_blocks(len(people), len(trainings)):
        block = people[rows, None] & trainings
        for reason in PAIR_RULES:
            if (found := _check_pairs(query, reason, rows)) is not None:
                np.greater(block, found, out=block)  # block and not found, in one pass
        yield rows, block


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
    for block in _iterate_blocks(len(rows), len(query.catalogue)):
        for reason in PAIR_RULES:
            if (found := _check_pairs(query, reason, rows[block])) is not None:
                bits[block] |= set_bits(found, reason)
    return bits


def count_exclusions(query: EligibilityQuery, rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many trainings each `Exclusion` keeps from some participants of the batch, shape (n, R)."""
    counts = np.tile(query.availability.closed_counts, (len(rows), 1))
    for reason in PARTICIPANT_RULES:
        if (found := _check_participants(query, reason)) is not None:
            counts[:, BIT[reason]] = found[rows] * len(query.catalogue)
    for block in _iterate_blocks(len(rows), len(query.catalogue)):
        for reason in PAIR_RULES:
            if (found := _check_pairs(query, reason, rows[block])) is not None:
                counts[block, BIT[reason]] = found.sum(axis=1)
    return counts


def _check_participants(query: EligibilityQuery, reason: Exclusion) -> NDArray[np.bool_] | None:
    """Return whom a reason keeps from all, (B,); None where it keeps nobody."""
    if reason not in query.violations:
        query.violations[reason] = PARTICIPANT_RULES[reason](query)
    return query.violations[reason]


def _check_pairs(
    query: EligibilityQuery, reason: Exclusion, rows: Rows
) -> NDArray[np.bool_] | None:
    """Return where a reason forbids, (n, N), for some rows of the batch; None where it does nowhere."""
    if query.cells > CELLS:
        return PAIR_RULES[reason](query, rows)
    if reason not in query.violations:
        query.violations[reason] = PAIR_RULES[reason](query, slice(None))
    found = query.violations[reason]
    return None if found is None else found[rows]


def check_permitted(mask: NDArray[np.bool_], ids: NDArray[np.int32]) -> None:
    """Check on the way out that nothing forbidden is in the lists (B, k)."""
    rows = np.arange(len(ids))[:, None]
    if (~mask[rows, np.maximum(ids, 0)] & (ids >= 0)).any():
        raise AssertionError("a stage of the engine let a forbidden training through")


def _iterate_blocks(people: int, trainings: int) -> Iterator[slice]:
    size = max(1, CELLS // max(trainings, 1))
    return (slice(first, first + size) for first in range(0, people, size))
