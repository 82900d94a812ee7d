"""Who may take what: a mask, and every reason why not.

Both are made from the same checks, so they cannot disagree, and block by block, so that no more than a
block of intermediate results is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.kernels.masks import counted
from recommender.eligibility.course_rules import Offer
from recommender.eligibility.participant_rules import OF_PAIR, OF_PERSON
from recommender.eligibility.query import Question
from recommender.eligibility.reasons import PLACE, Reason, bits_where
from recommender.participants.batch import ParticipantBatch
from training_data.arrays import Rows

CELLS = 2_000_000  # pairs of a block: its intermediate results stay in a core's cache


def barred(question: Question) -> NDArray[np.uint32]:
    """Return the reasons why each person may take nothing, shape (B,): bits as of `reason_bits`."""
    bits = np.zeros(len(question.batch), dtype=np.uint32)
    for reason in OF_PERSON:
        if (found := _of_people(question, reason)) is not None:
            bits |= bits_where(found, reason)
    return bits


def question_of(batch: ParticipantBatch, offer: Offer, bits: NDArray[np.uint32]) -> Question:
    """Return the question of people of whom it was found out before what bars them, on the same day."""
    some = int(np.bitwise_or.reduce(bits, initial=0))
    kept = {
        reason: bits & 1 << PLACE[reason] > 0 if some & 1 << PLACE[reason] else None
        for reason in OF_PERSON
    }
    return Question(batch, offer, kept)


def permitted(question: Question) -> NDArray[np.bool_]:
    """Return the mask, shape (B, N): True where no check forbids."""
    blocks = [block for _, block in permitted_blocks(question)]
    if len(blocks) == 1:
        return blocks[0]
    return np.concatenate([np.empty((0, len(question.catalogue)), dtype=bool), *blocks])


def permitted_blocks(question: Question) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Yield the mask in blocks of rows: the rows, and their part (n, N)."""
    people = np.ones(len(question.batch), dtype=bool)
    for reason in OF_PERSON:
        if (found := _of_people(question, reason)) is not None:
            people &= ~found
    trainings = question.offer.closed == 0
    for rows in _blocks(len(people), len(trainings)):
        block = people[rows, None] & trainings
        for reason in OF_PAIR:
            if (found := _of_pairs(question, reason, rows)) is not None:
                np.greater(block, found, out=block)  # block and not found, in one pass
        yield rows, block


def reason_bits(question: Question, rows: NDArray[np.integer] | None = None) -> NDArray[np.uint32]:
    """Return every reason why not, shape (n, N): bit i stands for the i-th `Reason`; 0 where permitted.

    Parameters
    ----------
    rows : ndarray of int, shape (n,), optional
        Participants of the batch; all by default.
    """
    rows = np.arange(len(question.batch)) if rows is None else rows
    bits = barred(question)[rows, None] | question.offer.closed
    for block in _blocks(len(rows), len(question.catalogue)):
        for reason in OF_PAIR:
            if (found := _of_pairs(question, reason, rows[block])) is not None:
                bits[block] |= bits_where(found, reason)
    return bits


def reason_counts(question: Question, rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many trainings each `Reason` keeps from some participants of the batch, shape (n, R)."""
    counts = np.tile(question.offer.closed_counts, (len(rows), 1))
    for reason in OF_PERSON:
        if (found := _of_people(question, reason)) is not None:
            counts[:, PLACE[reason]] = found[rows] * len(question.catalogue)
    for block in _blocks(len(rows), len(question.catalogue)):
        for reason in OF_PAIR:
            if (found := _of_pairs(question, reason, rows[block])) is not None:
                counts[block, PLACE[reason]] = counted(np.ascontiguousarray(found))
    return counts


def _of_people(question: Question, reason: Reason) -> NDArray[np.bool_] | None:
    """Return whom a reason keeps from all, (B,); None where it keeps nobody."""
    if reason not in question.kept:
        question.kept[reason] = OF_PERSON[reason](question)
    return question.kept[reason]


def _of_pairs(question: Question, reason: Reason, rows: Rows) -> NDArray[np.bool_] | None:
    """Return where a reason forbids, (n, N), for some rows of the batch; None where it does nowhere."""
    if question.cells > CELLS:
        return OF_PAIR[reason](question, rows)
    if reason not in question.kept:
        question.kept[reason] = OF_PAIR[reason](question, slice(None))
    found = question.kept[reason]
    return None if found is None else found[rows]


def hold_to(mask: NDArray[np.bool_], ids: NDArray[np.int32]) -> None:
    """Check on the way out that nothing forbidden is in the lists (B, k)."""
    rows = np.arange(len(ids))[:, None]
    if (~mask[rows, np.maximum(ids, 0)] & (ids >= 0)).any():
        raise AssertionError("a stage of the engine let a forbidden training through")


def _blocks(people: int, trainings: int) -> Iterator[slice]:
    size = max(1, CELLS // max(trainings, 1))
    return (slice(first, first + size) for first in range(0, people, size))
