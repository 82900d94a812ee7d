# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# distutils: language = c++
"""The permitted trainings of many participants: from a mask to the best that each source proposes.

Lists of different lengths stand one after the other: those of participant b are ``starts[b]:starts[b + 1]``.
"""

import numpy as np

from libc.math cimport INFINITY
from libcpp.algorithm cimport nth_element
from libcpp.functional cimport greater
from libcpp.vector cimport vector

cdef enum:
    BLOCK = 8


def columns_of(const unsigned char[:, ::1] mask):
    cdef Py_ssize_t row, column, rows = mask.shape[0], width = mask.shape[1]
    cdef int count = 0
    starts = np.empty(rows + 1, dtype=np.int32)
    columns = np.empty(np.count_nonzero(mask) + 1, dtype=np.int32)
    cdef int[::1] start = starts, found = columns
    with nogil:
        for row in range(rows):
            start[row] = count
            for column in range(width):  # without a branch: written over where not permitted
                found[count] = <int>column
                count += mask[row, column] != 0
        start[rows] = count
    return starts, columns[:count]


cdef float border_of(vector[float]& told, Py_ssize_t count, Py_ssize_t most, vector[float]& few) noexcept nogil:
    """The ``most``-th largest of the first ``count``, more than ``most``: at first among the largest of blocks.

    At least so many are not below the ``most``-th largest of blocks, and few others are.
    """
    cdef Py_ssize_t place, first, found = 0, blocks = count // BLOCK
    cdef float bound = -INFINITY, best
    if blocks > most:
        few.resize(blocks)
        for first in range(blocks):
            best = told[first * BLOCK]
            for place in range(1, BLOCK):
                best = max(best, told[first * BLOCK + place])
            few[first] = best
        nth_element(few.begin(), few.begin() + most - 1, few.end(), greater[float]())
        bound = few[most - 1]
    few.resize(count)
    for place in range(count):  # without a branch, as below
        few[found] = told[place]
        found += told[place] >= bound
    few.resize(found)
    nth_element(few.begin(), few.begin() + most - 1, few.end(), greater[float]())
    return few[most - 1]


def propose(
    const float[:, ::1] scores,
    const int[::1] starts,
    const int[::1] columns,
    Py_ssize_t most,
    unsigned char[::1] proposed,
):
    cdef Py_ssize_t row, place, first, length, count, room, total = 0
    cdef float border
    cdef bint wanted
    cdef vector[float] said, told, few
    if most <= 0:
        return 0
    said.resize(scores.shape[1])
    told.resize(scores.shape[1])
    with nogil:
        for row in range(scores.shape[0]):
            count, first, length = 0, starts[row], starts[row + 1] - starts[row]
            for place in range(length):  # without a branch, as above
                border = scores[row, columns[first + place]]
                said[place] = told[count] = border
                count += border > 0
            if not count:
                continue
            border, room = 0, 0
            if count > most:
                border, room = border_of(told, count, most, few), most
                for place in range(length):
                    room -= said[place] > border
            for place in range(length):
                wanted = said[place] > border
                if room and said[place] == border:
                    wanted = True
                    room -= 1
                proposed[first + place] |= wanted
                total += wanted
    return total


def largest(const float[:, ::1] scores, Py_ssize_t most):
    cdef Py_ssize_t row, place, at = 0, rows = scores.shape[0], width = scores.shape[1]
    cdef float border
    cdef vector[float] told, few
    cdef vector[int] found
    starts = np.zeros(rows + 1, dtype=np.int32)
    cdef int[::1] start = starts
    told.resize(width)
    with nogil:
        for row in range(rows):
            border = -INFINITY
            if width > most:
                for place in range(width):
                    told[place] = scores[row, place]
                border = border_of(told, width, most, few)
            found.resize(at + width + 1)
            for place in range(width):  # without a branch, as above
                found[at] = <int>place
                at += scores[row, place] >= border and scores[row, place] > 0
            start[row + 1] = <int>at
    columns = np.empty(at, dtype=np.int32)
    cdef int[::1] column = columns
    for place in range(at):
        column[place] = found[place]
    return starts, columns


def fill(const int[::1] starts, Py_ssize_t least, unsigned char[::1] proposed):
    cdef Py_ssize_t row, place, missing
    with nogil:
        for row in range(starts.shape[0] - 1):
            missing = least
            for place in range(starts[row], starts[row + 1]):
                missing -= proposed[place]
            for place in range(starts[row], starts[row + 1]):
                if missing <= 0:
                    break
                if not proposed[place]:
                    proposed[place] = True
                    missing -= 1


def listed(
    const int[::1] starts, const int[::1] columns, const unsigned char[::1] proposed
):
    cdef Py_ssize_t row, place, at, width = 0, rows = starts.shape[0] - 1
    with nogil:
        for row in range(rows):
            at = 0
            for place in range(starts[row], starts[row + 1]):
                at += proposed[place]
            width = max(width, at)
    ids = np.full((rows, width), -1, dtype=np.int32)
    cdef int[:, ::1] found = ids
    with nogil:
        for row in range(rows):
            at = 0
            for place in range(starts[row], starts[row + 1]):
                if proposed[place]:
                    found[row, at] = columns[place]
                    at += 1
    return ids


def gathered(const float[:, ::1] scores, const int[:, ::1] ids):
    cdef Py_ssize_t row, at
    cdef float said
    told = np.empty((ids.shape[0], ids.shape[1]), dtype=np.float32)
    cdef float[:, ::1] found = told
    with nogil:
        for row in range(ids.shape[0]):
            for at in range(ids.shape[1]):
                said = scores[row, ids[row, at]] if ids[row, at] >= 0 else 0
                found[row, at] = said if said > -INFINITY else 0
    return told
