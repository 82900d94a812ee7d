"""The reason generators that name how many people took what, see `recommender.explanation.takers`."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.kernels.pairs import strongest_of_rows
from recommender.explanation.context import ExplanationContext, PairReasons, Reason
from recommender.participants.encodings import (
    FIRST_YEAR,
    GROUP_STARTS,
    encode_groups,
    encode_regions,
)
from training_data.arrays import build_csr
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES


def follows_history(context: ExplanationContext) -> PairReasons:
    """Name the training of the person's own after which most people took this one."""
    taken, after = context.query.batch.past.taken, context.takers.after
    course = _find_largest(taken, after, context)
    people = _look_up(after, course, context.courses)
    titles, before = context.query.catalogue.titles, course.tolist()

    def make(pair: int) -> Reason:
        return Reason("next_course", {"course": titles[before[pair]], "people": people[pair]})

    return PairReasons(course >= 0, make)


def is_chosen_by_group(context: ExplanationContext) -> PairReasons:
    """Name the group of the person of which most people took the training."""
    groups = context.takers.in_groups
    group = _find_largest(encode_groups(context.query.batch), groups, context)
    people = _look_up(groups, group, context.courses)
    numbers = group.tolist()

    def make(pair: int) -> Reason:
        return Reason(*_name_group(numbers[pair], people[pair]))

    return PairReasons(group >= 0, make)


def _name_group(group: int, people: int) -> tuple[str, dict[str, object]]:
    kind = int(np.searchsorted(GROUP_STARTS, group, "right")) - 1
    place = group - int(GROUP_STARTS[kind])
    if kind == 0:
        return "chosen_by_age", {"decade": FIRST_YEAR + 10 * place, "people": people}
    if kind == 1:
        return "chosen_by_education", {"education": EDUCATIONS[place], "people": people}
    return "chosen_by_employment", {"employment": EMPLOYMENT_STATUSES[place], "people": people}


def is_popular(context: ExplanationContext) -> PairReasons:
    """Name the smallest region of the person where many took the training, else say so of all people."""
    regions, everywhere = context.takers.in_regions, context.takers.everywhere
    table = context.reader.vocabularies.regions
    depth = (table.around >= 0).sum(axis=1)[:-1]
    ranked = build_csr(
        np.repeat(depth, np.diff(regions.indptr)), regions.indices, regions.indptr, len(everywhere)
    )
    region = _find_largest(encode_regions(context.query.batch, table), ranked, context)
    here, everyone = (
        _look_up(regions, region, context.courses),
        everywhere[context.courses].tolist(),
    )
    numbers = region.tolist()

    def make(pair: int) -> Reason:
        if numbers[pair] < 0:
            return Reason("popular", {"people": everyone[pair]})
        named = context.region_name(numbers[pair])
        return Reason("popular_here", {"region": named, "people": here[pair]})

    return PairReasons((region >= 0) | (everywhere[context.courses] > 0), make)


def _find_largest(
    own: sp.csr_matrix, table: sp.csr_matrix, context: ExplanationContext
) -> NDArray[np.int32]:
    """Return which of each pair's own rows of a table is largest for the training, -1 where none has a cell."""
    return strongest_of_rows(
        own.indptr.astype(np.int32, copy=False),
        own.indices.astype(np.int32, copy=False),
        context.rows,
        table.indptr,
        table.indices,
        table.data.astype(np.float32),
        context.courses,
    )


def _look_up(
    table: sp.csr_matrix, rows: NDArray[np.int32], columns: NDArray[np.int32]
) -> list[int]:
    """Return the cells of a table at rows and columns, 0 where a row is -1."""
    found = np.flatnonzero(rows >= 0)
    cells = np.zeros(len(rows), dtype=np.int64)
    if len(found):
        cells[found] = np.asarray(table[rows[found], columns[found]]).ravel()
    counts: list[int] = cells.tolist()
    return counts
