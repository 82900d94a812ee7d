"""Who may take what: a mask, and every reason why not.

Both are made from the same checks, so they cannot disagree, and block by block, so that no more than a
block of intermediate results is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recommender.checks import OF_PAIR, OF_PERSON
from recommender.question import Question
from recommender.reasons import bits_where

CELLS = 2_000_000  # pairs of a block: its intermediate results stay in a core's cache


def permitted(question: Question) -> NDArray[np.bool_]:
    """Return the mask, shape (B, N): True where no check forbids."""
    mask = np.empty((len(question.batch), len(question.catalogue)), dtype=bool)
    for rows, block in permitted_blocks(question):
        mask[rows] = block
    return mask


def permitted_blocks(question: Question) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Yield the mask in blocks of rows: the rows, and their part (n, N)."""
    people = np.ones(len(question.batch), dtype=bool)
    for check in OF_PERSON.values():
        if (found := check(question)) is not None:
            people &= ~found
    trainings = question.offer.closed == 0
    for rows in _blocks(question):
        block = people[rows, None] & trainings
        for pair_check in OF_PAIR.values():
            if (found := pair_check(question, rows)) is not None:
                np.greater(block, found, out=block)  # block and not found, in one pass
        yield rows, block


def reason_bits(question: Question) -> NDArray[np.uint32]:
    """Return every reason why not, shape (B, N): bit i stands for the i-th `Reason`; 0 where permitted."""
    of_people = np.zeros(len(question.batch), dtype=np.uint32)
    for reason, check in OF_PERSON.items():
        if (found := check(question)) is not None:
            of_people |= bits_where(found, reason)
    bits = of_people[:, None] | question.offer.closed
    for rows in _blocks(question):
        for reason, pair_check in OF_PAIR.items():
            if (found := pair_check(question, rows)) is not None:
                bits[rows] |= bits_where(found, reason)
    return bits


def _blocks(question: Question) -> Iterator[slice]:
    size = max(1, CELLS // max(len(question.catalogue), 1))
    return (slice(first, first + size) for first in range(0, len(question.batch), size))
